/** Tables: plain ones, and one that scrolls over tens of thousands of rows. */
import { useVirtualizer } from '@tanstack/react-virtual';
import { Link } from './link.tsx';
import { useMemo, useRef, useState, type ReactNode } from 'react';

export interface Column<Row> {
  readonly name: string;
  readonly title: string;
  readonly cell: (row: Row) => ReactNode;
  /** By what it is sorted; left out: it cannot be. */
  readonly by?: (row: Row) => string | number;
  readonly right?: boolean;
  /** Text of several words, which may take several lines; everything else stays on one. */
  readonly words?: boolean;
  /** Of a virtual table (CSS length). */
  readonly width?: string;
}

export function Table<Row>(props: {
  readonly label: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly keyOf: (row: Row, index: number) => string;
  readonly most?: number;
}) {
  const { label, columns, rows, keyOf, most = 50 } = props;
  const [sort, setSort] = useState<Sort | null>(null);
  const [all, setAll] = useState(false);
  const sorted = useMemo(() => sortedRows(rows, columns, sort), [rows, columns, sort]);
  const visible = all ? sorted : sorted.slice(0, most);
  return (
    <div className="scroll" tabIndex={0} role="group" aria-label={label}>
      <table>
        <thead>
          <tr>
            {columns.map((c) => (
              <th
                key={c.name}
                scope="col"
                className={c.right === true ? 'right' : ''}
                aria-sort={sortOf(c, sort)}
              >
                <Heading column={c} sort={sort} setSort={setSort} />
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {visible.map((row, i) => (
            <tr key={keyOf(row, i)}>
              {columns.map((c) => (
                <td key={c.name} className={c.right === true ? 'right' : c.words === true ? 'words' : ''}>
                  {c.cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {sorted.length > most && (
        <button type="button" className="plain" onClick={() => setAll(!all)}>
          {all ? 'Fewer' : `All ${sorted.length.toLocaleString('en')}`}
        </button>
      )}
    </div>
  );
}

interface Sort {
  readonly name: string;
  readonly down: boolean;
}

const sortOf = <Row,>(column: Column<Row>, sort: Sort | null): 'ascending' | 'descending' | undefined =>
  sort?.name !== column.name ? undefined : sort.down ? 'descending' : 'ascending';

function Heading<Row>(props: {
  readonly column: Column<Row>;
  readonly sort: Sort | null;
  readonly setSort: (sort: Sort) => void;
}) {
  const { column, sort, setSort } = props;
  if (column.by === undefined) return <>{column.title}</>;
  const here = sort?.name === column.name;
  return (
    <button
      type="button"
      className="plain sort"
      onClick={() => setSort({ name: column.name, down: here ? !sort.down : column.right === true })}
    >
      {column.title}
      <span aria-hidden="true">{here ? (sort.down ? ' ▾' : ' ▴') : ''}</span>
    </button>
  );
}

function sortedRows<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  sort: Sort | null,
): readonly Row[] {
  const by = columns.find((c) => c.name === sort?.name)?.by;
  if (by === undefined || sort === null) return rows;
  const sign = sort.down ? -1 : 1;
  return rows
    .map((row) => ({ row, key: by(row) }))
    .sort(
      (a, b) =>
        sign *
        (typeof a.key === 'number' && typeof b.key === 'number'
          ? a.key - b.key
          : a.key < b.key
            ? -1
            : a.key > b.key
              ? 1
              : 0),
    )
    .map(({ row }) => row);
}

const rowHeight = 26;

/** Only the rows in sight are in the document; assistive technology is told how many there are. */
export function VirtualTable<Row>(props: {
  readonly label: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly onOpen: (row: Row) => void;
  /** Where the row's first cell leads to. */
  readonly linkOf: (row: Row) => string;
}) {
  const { label, columns, rows, onOpen, linkOf } = props;
  const [sort, setSort] = useState<Sort | null>(null);
  const sorted = useMemo(() => sortedRows(rows, columns, sort), [rows, columns, sort]);
  const parent = useRef<HTMLDivElement>(null);
  const [active, setActive] = useState(0);
  const virtual = useVirtualizer({
    count: sorted.length,
    getScrollElement: () => parent.current,
    estimateSize: () => rowHeight,
    overscan: 12,
  });
  const template = columns.map((c) => c.width ?? 'minmax(6rem, 1fr)').join(' ');
  const move = (to: number): void => {
    const next = Math.min(Math.max(to, 0), sorted.length - 1);
    setActive(next);
    virtual.scrollToIndex(next);
  };
  const onKeyDown = (event: React.KeyboardEvent): void => {
    const jumps: Readonly<Record<string, number>> = {
      ArrowDown: active + 1,
      ArrowUp: active - 1,
      PageDown: active + 15,
      PageUp: active - 15,
      Home: 0,
      End: sorted.length - 1,
    };
    const to = jumps[event.key];
    const row = sorted[active];
    if (to !== undefined) move(to);
    else if (event.key === 'Enter' && row !== undefined) onOpen(row);
    else return;
    event.preventDefault();
  };
  return (
    <div
      className="virtual"
      role="grid"
      aria-label={label}
      aria-rowcount={sorted.length + 1}
      aria-colcount={columns.length}
      ref={parent}
      tabIndex={0}
      onKeyDown={onKeyDown}
      aria-activedescendant={sorted.length === 0 ? undefined : `row-${active}`}
    >
      <div className="virtual-head" role="row" aria-rowindex={1} style={{ gridTemplateColumns: template }}>
        {columns.map((c) => (
          <div
            key={c.name}
            role="columnheader"
            className={c.right === true ? 'right' : ''}
            aria-sort={sortOf(c, sort)}
          >
            <Heading column={c} sort={sort} setSort={setSort} />
          </div>
        ))}
      </div>
      <div role="rowgroup" style={{ height: virtual.getTotalSize(), position: 'relative' }}>
        {virtual.getVirtualItems().map((item) => {
          const row = sorted[item.index];
          if (row === undefined) return null;
          return (
            <div
              key={item.key}
              id={`row-${item.index}`}
              role="row"
              aria-rowindex={item.index + 2}
              aria-selected={item.index === active}
              className={item.index === active ? 'virtual-row active' : 'virtual-row'}
              style={{ gridTemplateColumns: template, transform: `translateY(${item.start}px)` }}
              onClick={() => setActive(item.index)}
            >
              {columns.map((c, i) => (
                <div key={c.name} role="gridcell" className={c.right === true ? 'right' : ''}>
                  {i < 2 ? <Link to={linkOf(row)}>{c.cell(row)}</Link> : c.cell(row)}
                </div>
              ))}
            </div>
          );
        })}
      </div>
    </div>
  );
}
