/** What a table shows, as a file. */
import { addressOf } from '../api.ts';

export function Csv({
  path,
  parameters,
}: {
  readonly path: string;
  readonly parameters: Record<string, string>;
}) {
  return (
    <a className="button" href={addressOf(path, { ...parameters, format: 'csv' })}>
      CSV
    </a>
  );
}
