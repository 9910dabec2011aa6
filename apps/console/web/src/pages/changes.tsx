/** Before → after. */
import type { Change } from '../api.ts';
import { value } from '../format.ts';

export function Changes({ changes }: { readonly changes: readonly Change[] }) {
  if (changes.length === 0) return null;
  return (
    <ul className="changes">
      {changes.map((c) => (
        <li key={c.field}>
          {c.field}: <del>{value(c.before)}</del> <span aria-hidden="true">→</span>{' '}
          <ins>{value(c.after)}</ins>
        </li>
      ))}
    </ul>
  );
}
