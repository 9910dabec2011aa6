/** The questions over a day of a small fleet with one large router: `query-full` asks them of a week of a large one. */
import { benchmark } from './harness/index.ts';
import { questionCases } from './stack/questions.ts';

export default benchmark({
  about:
    'the questions over a day of 100k sessions, cold and warm, beside the same rows without groups, ledger and rollups',
  budgetS: 60,
  cases: questionCases('100k sessions, a day', {
    large: 64_000,
    largeStepMs: 3_600_000,
    others: 9,
    sessionsOfOther: 4_000,
    otherStepMs: 3_600_000,
    days: 1,
    churn: 0.002,
  }),
});
