/**
 * Seeded bugs: each is a mistake that somebody might make in this library, and that its tests must notice. `find` stands in the
 * file exactly once.
 */
export interface Mutant {
  readonly file: string;
  readonly find: string;
  readonly replace: string;
  /** What would be wrong. */
  readonly bug: string;
}

const of =
  (file: string) =>
  (bug: string, find: string, replace: string): Mutant => ({ file, bug, find, replace });

const incarnation = of('rows/incarnation.ts');
const update = of('rows/update-row.ts');
const open = of('rows/open-row.ts');
const counters = of('rows/counters.ts');
const rowCounters = of('rows/row-counters.ts');
const steady = of('rows/steady-row.ts');
const finish = of('snapshot/finish.ts');
const staleness = of('snapshot/staleness.ts');
const deferred = of('rows/deferred.ts');
const end = of('snapshot/end.ts');
const ranks = of('listing/ranks.ts');
const clocks = of('listing/listing-clocks.ts');
const restore = of('restore/restore.ts');
const sights = of('restore/restore-sights.ts');
const hash = of('table/hash.ts');
const pieces = of('delta/pieces.ts');
const table = of('table/table.ts');
const prints = of('delta/prints.ts');
const state = of('router-state.ts');
const zone = of('listing/time-zone.ts');
const scope = of('listing/scope.ts');
const rows = of('rows/rows.ts');

export const mutants: readonly Mutant[] = [
  incarnation(
    'a create time may not move by 2 s',
    'export const createTolerance = 2;',
    'export const createTolerance = 1;',
  ),
  incarnation(
    'a create time may move by 3 s',
    'export const createTolerance = 2;',
    'export const createTolerance = 3;',
  ),
  incarnation(
    'a lone odd create time speaks for the clock',
    "context.witnesses > 1 ? 'shifted' : 'alike'",
    "'shifted'",
  ),
  incarnation(
    'a set clock is reuse',
    "return Math.abs(own - skew) <= clockGrace * 1000 ? 'shifted' : 'other';",
    "return 'other';",
  ),
  incarnation(
    'a later create time learned behind a brief listing is the same session',
    "return skew !== null && after > clockGrace * 1000 ? 'other' : 'same';",
    "return 'same';",
  ),
  incarnation(
    'daylight saving is not looked at when the clock was set',
    "if (timezone === 'UTC') return shifts;",
    'return shifts;',
  ),
  incarnation(
    'a remote id of 0 hints at reuse',
    '&& a !== 0 && b !== 0 && a !== b) moved++;',
    '&& a !== b) moved++;',
  ),
  incarnation('one differing hint is reuse', 'return moved >= 2;', 'return moved >= 1;'),
  incarnation(
    'hints are not compared when a session returns without create time',
    'return sameHints(old, words, row) ? 0 : null;',
    'return 0;',
  ),
  update(
    'what a class no longer prints is kept',
    "if (!isRemovable[index] || shapeBefore[index] === '.' || shape.presence[index] !== '.') continue;",
    'continue;',
  ),
  update(
    'what a level never printed is removed',
    "if (!isRemovable[index] || shapeBefore[index] === '.' || shape.presence[index] !== '.') continue;",
    "if (!isRemovable[index] || shape.presence[index] !== '.') continue;",
  ),
  update(
    'a blank of a lower level wipes a value',
    'isBlankOf(set, context.kind, shape, index, presenceLetters[before] as string)',
    'isBlankOf(set, context.kind, shape, index, presenceLetters[before] as string) && false',
  ),
  update(
    'a change is told as learned',
    'if (before !== Presence.absent || shapeBefore !== undefined) learnedOnly = false;',
    '',
  ),
  update(
    'a late snapshot overwrites what newer ones print',
    "if (newer.some((presence) => (presence[index] ?? '.') !== '.')) continue;",
    '',
  ),
  update(
    'a cut session loses what was not printed',
    'isCut(words, row) ? undefined : shapeBefore',
    'shapeBefore',
  ),
  update(
    'high words of speeds are not compared',
    "return fields[index]?.type !== 'u64' || words[row + slot + 1] === old[slot + 1];",
    'return true;',
  ),
  update(
    'a moved create time is not told',
    "let rebase = createMoved(words, row) ? 'create_time' : '';",
    "let rebase = '';",
  ),
  update('other counters go on after a clear', 'if (epoch) clearOthers(merged, shape);', ''),
  open(
    'what a lower level does not print is forgotten when a session returns',
    '    keepWhatIsNotPrinted(words, row);\n',
    '',
  ),
  open(
    'first sight is new without a whole snapshot before',
    'if (whole === null || whole.at > context.capturedAt) return false;',
    'if (whole === null) return true;',
  ),
  open(
    'a returned session counts from the snapshot before',
    'context.capturedAt - seenBefore) / 1000',
    'context.capturedAt - context.capturedAt) / 1000',
  ),
  open('a returned session under a set clock was cleared', '{ ...context, shift: back }', 'context'),
  counters(
    'the borrow between the words of a counter is lost',
    'hi - oldHi - (lo < oldLo ? 1 : 0)',
    'hi - oldHi',
  ),
  counters('a wrap is believed from the upper half', '(width * 3n) / 4n', '(width * 2n) / 4n'),
  counters('a wrap is never too large', 'if (passed > most) return false;', ''),
  counters('no counter of 64 bits wraps at 32', '[1n << 32n, 1n << 64n]', '[1n << 64n]'),
  counters(
    'rounded values may not fall within their error',
    'return down <= halfWidth(roundNow) + halfWidth(roundOld);',
    'return false;',
  ),
  counters(
    'the error of a delta is that of the newer value',
    'halfWidth(getRounding(now, nowAt, c)) + before',
    'halfWidth(getRounding(now, nowAt, c))',
  ),
  counters(
    'counters learned are a delta',
    'if (!known) continue;',
    'if (!known) {\n      take(c, lo, hi);\n      continue;\n    }',
  ),
  rowCounters(
    'a cleared epoch is not noticed',
    'if (moved > createTolerance) return !movedWithClock(context, old, words, row, before, now);',
    '',
  ),
  rowCounters(
    'a stamp that moved by a second while counters fell is jitter',
    'return moved > 0 && anyFell(old, words, row);',
    'return false;',
  ),
  rowCounters(
    'a late snapshot brings older counters back',
    'return !hasCounters(old, 0) || core.time(r, Col.countersAt) < context.capturedAt;',
    'return true;',
  ),
  rowCounters(
    'the clock that was set since is not taken into account for first sights',
    '(Math.abs(moved) > 60_000 ? moved : 0)',
    '0',
  ),
  steady(
    'unknown fields are not compared',
    'if (rows[base + Col.unknown] !== words[row + unknownSlot]) return false;',
    '',
  ),
  steady(
    'presence is not compared',
    '      return false;\n  if (rows[base + Col.unknown]',
    '      break;\n  if (rows[base + Col.unknown]',
  ),
  steady(
    'layouts are not compared',
    'return core.steps.with(set, kind, kindNumber, words[row + layoutSlot] as number, shape, false) === set;',
    'return set >= 0;',
  ),
  steady('rounded numbers take the short cut', 'if (rounded !== 0) return false;', ''),
  steady(
    'the state hash does not follow',
    'addCounterSums(core.sum, 1, key, seen, rest, 0, a, b);',
    'addCounterSums(core.sum, 1, key, seen, rest, 0, a, a);',
  ),
  steady('idle time is not followed', 'rows[base + Col.idleSince] = idleSince;', ''),
  steady('when counters were seen is not followed', 'rows[base + Col.countersAt] = context.moment;', ''),
  steady('a row is not kept for undoing', '  table.touch(r);\n', ''),
  finish(
    'an incomplete snapshot closes',
    'pending.complete ? closeMissing(work, pending, context) : 0',
    'closeMissing(work, pending, context)',
  ),
  finish('a filter is not looked at', 'if (!covers(core.scratch, 0, core.strings)) continue;', ''),
  finish('destroyed sessions are gone', "destroyed ? 'destroyed' : 'gone'", "'gone'"),
  finish(
    'a restart is told when one session is left',
    'gone + replaced >= before)',
    'gone + replaced >= before - 1)',
  ),
  finish('a mass close needs all sessions', 'gone * 2 > before', 'gone >= before'),
  finish(
    'a mass return is told with the first that returns',
    'if (mass.returned * 2 < mass.sessions) return;',
    '',
  ),
  staleness(
    'an older snapshot of the same level applies',
    'orderOf(kind) < levelOrder[level]',
    'orderOf(kind) <= levelOrder[level]',
  ),
  staleness(
    'a repeat applies',
    "if (head.applied.some((applied) => applied.id === id)) return 'repeated';",
    '',
  ),
  staleness('a repeated part applies', "if (pending.got.includes(source.part)) return 'repeated';", ''),
  staleness(
    'ordinals are one snapshot',
    '`${snapshotIdOf(source, start)}#${source.ordinal}`',
    'snapshotIdOf(source, start)',
  ),
  deferred(
    'what was not moved does not deny a set clock',
    'return unmoved !== null && unmoved <= lastSight ? 0 : shift;',
    'return shift;',
  ),
  deferred(
    'sessions that moved by different amounts moved with the clock',
    'if (Math.abs(moved - shift) > 2 && !d.alike) return 0;',
    '',
  ),
  end(
    'a late snapshot is complete',
    'entry.complete = pending.complete && !late;',
    'entry.complete = pending.complete;',
  ),
  end(
    'a filtered snapshot is the last whole one',
    "if (entry.complete && entry.scope === '')",
    'if (entry.complete)',
  ),
  end('at goes back', 'head.at = Math.max(head.at, source.capturedAt);', 'head.at = source.capturedAt;'),
  end('keys of a part are overwritten by the next', 'pending.parts === 1 ? keys : keys.slice()', 'keys'),
  end(
    'ranks are not spread anew at a keyframe',
    'if (isKeyframeDue(work, source.logTime)) renumber(work.core);',
    '',
  ),
  ranks('neighbours do not give way', 'const roomAnew = 16;', 'const roomAnew = 100_000_000;'),
  ranks('equal ranks rise', 'if (rank <= before) return false;', 'if (rank < before) return false;'),
  clocks('a deviation is taken twice', '(core.word(r, Col.clockOffset) | 0)', '0'),
  clocks('the clock of later parts is not told', '(place === 0 && pending.parts === 1)', 'place === 0'),
  restore(
    'a restore does not set the time of counters',
    'core.setTime(r, Col.countersAt, Math.max(capturedAt, core.time(r, Col.countersAt)));\n  if (imaged',
    'if (imaged',
  ),
  restore(
    'deltas are added to images that hold them',
    'if (imaged.has(keyOf(counters.tunnel_local_id, counters.session_local_id))) return;',
    '',
  ),
  restore(
    'a hole in the log is not noticed',
    'if (!checkpoint && before.seq !== 0 && delta.seq !== before.seq + 1)',
    'if (delta.seq < 0)',
  ),
  sights('sessions in doubt are seen', 'if (!deferred.has(key)) sight(', 'sight('),
  sights('who was cut off before the counters counted', '!without.has(key)', 'true'),
  hash(
    'high words of counters are not hashed',
    'const high = folded(words[slot + 1] as number);',
    'const high = 0;',
  ),
  hash(
    'presence of attributes is not hashed',
    'const word = (tuple[at + i] as number) & (attributeMask[i] as number);',
    'const word = 0;',
  ),
  hash('carries are lost', 'if (i < 3) lanes[i + 1] = (lanes[i + 1] as number) + over;', ''),
  pieces('a checkpoint makes the log tell its layouts again', 'core.prints.restoreTold(before);', ''),
  pieces(
    'a checkpoint forgets closed sessions',
    'const rows = Int32Array.from([...live, ...closed]);',
    'const rows = live;',
  ),
  table(
    'an undone insertion stays',
    '        this.#unlink(row);\n        this.#free.push(row);\n        continue;',
    '        continue;',
  ),
  table('a wider layout loses high words', 'if (a.high[c] !== 0) to[', 'if (a.high[c] === 999) to['),
  prints(
    'a group does not tell its layouts',
    'if (id === 0n || this.#told.has(id)) return;',
    'if (id === 0n || this.definitions.size > 3) return;',
  ),
  state('the zone of a capture is not kept', 'this.#work.head.timezone = timezone;', ''),
  state('missing parts are waited for forever', 'p.deadline <= logTime', 'p.deadline < 0'),
  zone(
    'the first of two comings of an hour is taken',
    'return early || last > notAfter + 2000',
    'return !early || last > notAfter + 2000',
  ),
  scope('any filter that fits is enough', 'tests.every((test)', 'tests.some((test)'),
  rows(
    'a session listed twice counts twice',
    'if (pending !== null && r >= 0 && core.word(r, Col.seen) === pending.number) {',
    'if (r === -2) {',
  ),
];
