/** What each worker is given when it starts. */
export interface WorkerData {
  /** What one compressed capture may expand to, bytes. */
  readonly expansionLimit: number;
  /** IANA names by router, from the fleet file. */
  readonly timezones: ReadonlyMap<string, string>;
  /** Folder of event schemas of newer releases; '' for none. */
  readonly eventSchemas: string;
  /** Id of the event schema in a Confluent registry; null for Avro's single-object encoding. */
  readonly schemaId: number | null;
}
