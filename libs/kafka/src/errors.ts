/** What can go wrong with Kafka, as a closed union, with whether trying again can help. kafkajs's own errors stay in here. */

const codes = {
  /** Another producer took the transactional id: this one's work was aborted. Drop the state, start over if still assigned. */
  fenced: { retryable: false },
  /** A commit whose answer never came: it may stand or not. Initialise the producer again and read the offset. */
  unknown_outcome: { retryable: true },
  unreachable: { retryable: true },
  timeout: { retryable: true },
  busy: { retryable: true },
  rebalancing: { retryable: true },
  /** The partition is no longer (or not yet) this member's. */
  not_assigned: { retryable: false },
  authentication: { retryable: false },
  authorisation: { retryable: false },
  too_large: { retryable: false },
  unknown_topic: { retryable: false },
  /** The offset is below what the topic still has, or beyond its end. */
  out_of_range: { retryable: false },
  unsupported: { retryable: false },
  closed: { retryable: false },
  protocol: { retryable: false },
} as const;

export type KafkaErrorCode = keyof typeof codes;

export class KafkaError extends Error {
  readonly code: KafkaErrorCode;
  readonly retryable: boolean;

  constructor(code: KafkaErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'KafkaError';
    this.code = code;
    this.retryable = codes[code].retryable;
  }
}

/** Kafka's protocol error names (kafkajs: `type`) by our code. */
const byType: Readonly<Record<string, KafkaErrorCode>> = {
  INVALID_PRODUCER_EPOCH: 'fenced',
  PRODUCER_FENCED: 'fenced',
  TRANSACTION_COORDINATOR_FENCED: 'fenced',
  INVALID_PRODUCER_ID_MAPPING: 'fenced',
  UNKNOWN_PRODUCER_ID: 'fenced',
  OUT_OF_ORDER_SEQUENCE_NUMBER: 'fenced',
  INVALID_TXN_STATE: 'fenced',
  CONCURRENT_TRANSACTIONS: 'busy',
  COORDINATOR_LOAD_IN_PROGRESS: 'busy',
  GROUP_LOAD_IN_PROGRESS: 'busy',
  GROUP_COORDINATOR_NOT_AVAILABLE: 'unreachable',
  NOT_COORDINATOR_FOR_GROUP: 'unreachable',
  LEADER_NOT_AVAILABLE: 'unreachable',
  NOT_LEADER_FOR_PARTITION: 'unreachable',
  REPLICA_NOT_AVAILABLE: 'unreachable',
  NETWORK_EXCEPTION: 'unreachable',
  NOT_ENOUGH_REPLICAS: 'unreachable',
  NOT_ENOUGH_REPLICAS_AFTER_APPEND: 'unreachable',
  KAFKA_STORAGE_ERROR: 'unreachable',
  REQUEST_TIMED_OUT: 'timeout',
  REBALANCE_IN_PROGRESS: 'rebalancing',
  ILLEGAL_GENERATION: 'not_assigned',
  UNKNOWN_MEMBER_ID: 'not_assigned',
  FENCED_INSTANCE_ID: 'not_assigned',
  MESSAGE_TOO_LARGE: 'too_large',
  RECORD_LIST_TOO_LARGE: 'too_large',
  UNKNOWN_TOPIC_OR_PARTITION: 'unknown_topic',
  INVALID_TOPIC_EXCEPTION: 'unknown_topic',
  OFFSET_OUT_OF_RANGE: 'out_of_range',
  SASL_AUTHENTICATION_FAILED: 'authentication',
  TOPIC_AUTHORIZATION_FAILED: 'authorisation',
  GROUP_AUTHORIZATION_FAILED: 'authorisation',
  CLUSTER_AUTHORIZATION_FAILED: 'authorisation',
  TRANSACTIONAL_ID_AUTHORIZATION_FAILED: 'authorisation',
  UNSUPPORTED_VERSION: 'unsupported',
  UNSUPPORTED_FOR_MESSAGE_FORMAT: 'unsupported',
  UNSUPPORTED_COMPRESSION_TYPE: 'unsupported',
};

const byName: Readonly<Record<string, KafkaErrorCode>> = {
  KafkaJSConnectionError: 'unreachable',
  KafkaJSConnectionClosedError: 'unreachable',
  KafkaJSNoBrokerAvailableError: 'unreachable',
  KafkaJSBrokerNotFound: 'unreachable',
  KafkaJSGroupCoordinatorNotFound: 'unreachable',
  KafkaJSMetadataNotLoaded: 'unknown_topic',
  KafkaJSTopicMetadataNotLoaded: 'unknown_topic',
  KafkaJSRequestTimeoutError: 'timeout',
  KafkaJSTimeout: 'timeout',
  KafkaJSLockTimeout: 'timeout',
  KafkaJSOffsetOutOfRange: 'out_of_range',
  KafkaJSSASLAuthenticationError: 'authentication',
  KafkaJSNotImplemented: 'unsupported',
  KafkaJSServerDoesNotSupportApiKey: 'unsupported',
};

interface ErrorShape {
  readonly name?: unknown;
  readonly type?: unknown;
  readonly message?: unknown;
  readonly cause?: unknown;
  readonly originalError?: unknown;
}

/** The `KafkaError` that stands for whatever kafkajs threw; the innermost cause that says something decides. */
export function kafkaErrorOf(error: unknown, doing: string): KafkaError {
  if (error instanceof KafkaError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new KafkaError(codeOf(error) ?? 'protocol', `${doing}: ${message}`, error);
}

function codeOf(error: unknown, depth = 0): KafkaErrorCode | undefined {
  if (typeof error !== 'object' || error === null || depth > 8) return undefined;
  const shape = error as ErrorShape;
  if (typeof shape.type === 'string' && shape.type in byType) return byType[shape.type];
  const inner = codeOf(shape.cause, depth + 1) ?? codeOf(shape.originalError, depth + 1);
  if (inner !== undefined) return inner;
  return typeof shape.name === 'string' ? byName[shape.name] : undefined;
}
