/**
 * The questions over a week of a large fleet: 1,000,000 live sessions, of which one router has 64,000 and is polled every five minutes,
 * 207 million counter rows; and what the age of a history costs. Filling takes a quarter of an hour the first time, and 6 GB in the cache.
 */
import { benchmark } from './harness/index.ts';
import { ageCases, questionCases } from './stack/questions.ts';

const hour = 3_600_000;
const ofDays = (days: number) => ({
  large: 64_000,
  largeStepMs: hour,
  others: 9,
  sessionsOfOther: 4_000,
  otherStepMs: 6 * hour,
  days,
  churn: 0.002,
});

export default benchmark({
  about: 'the questions over a week of 1M sessions, and of a small fleet over 1, 7 and 30 days',
  budgetS: 300,
  onRequest: true,
  cases: [
    ...questionCases('1M sessions, 7 days', {
      large: 64_000,
      largeStepMs: hour / 12,
      others: 180,
      sessionsOfOther: 5_200,
      otherStepMs: 2 * hour,
      days: 7,
      churn: 0.002,
    }),
    ...ageCases([ofDays(1), ofDays(7), ofDays(30)]),
  ],
});
