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
const pages = of('table/pages.ts');
const undo = of('table/undo-log.ts');
const groups = of('table/groups.ts');
const listed = of('snapshot/listed.ts');
const head = of('snapshot/head.ts');
const run = of('snapshot/run.ts');
const rowClocks = of('rows/row-clocks.ts');
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
  incarnation('a set clock is reuse', "if (Math.abs(own - skew) <= clockGrace * 1000) return 'shifted';", ''),
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
    'return sameHints(old, words, row) && (',
    'return (',
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
  counters('a wrap is never too large', 'if (passed > most) return null;', ''),
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
    'return !movedWithClock(context, old, words, row, before, now);',
    'return false;',
  ),
  rowCounters(
    'a stamp that moved by a second while counters fell is jitter',
    'if (moved <= createTolerance) return fell();',
    'if (moved <= createTolerance) return false;',
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
    'let differs = (kept[base + Col.unknown] as number) ^ (words[row + unknownSlot] as number);',
    'let differs = 0;',
  ),
  steady('presence is not compared', ') & (mask[i] as number);', ') & 0;'),
  steady(
    'layouts are not compared',
    'return core.steps.with(set, kind, kindNumber, words[row + layoutSlot] as number, shape, false) === set;',
    'return set >= 0;',
  ),
  steady('rounded numbers take the short cut', '(differs | rounded) !== 0', 'differs !== 0'),
  steady(
    'the state hash does not follow',
    'addCounterSums(core.sum, 1, key, seen, rest, 0, sums[2] as number, sums[3] as number);',
    'addCounterSums(core.sum, 1, key, seen, rest, 0, sums[2] as number, sums[2] as number);',
  ),
  steady('idle time is not followed', 'kept[base + Col.idleSince] = idleSince;', ''),
  steady(
    'when counters were seen is not followed',
    '    kept[base + Col.countersAt] = moment;\n',
    '    kept[base + Col.countersAt] = 0;\n',
  ),
  steady('a row is not kept for undoing', '  core.table.touchMoving(r, page, base);\n', ''),
  steady(
    'a session of which nothing counted has a record',
    'if (count <= 0) counters.count--;',
    'if (count < 0) counters.count--;',
  ),
  steady(
    'a record holds what another session counted before',
    'for (let i = 0; i < blank.length; i++) {',
    'for (let i = 0; i < 0; i++) {',
  ),
  steady(
    'high words of counters are not kept',
    'kept[base + (wide[i + 3] as number)] = words[slot + 1] as number;',
    '',
  ),
  steady(
    'counters that are not printed fall out of the state hash',
    'for (let i = 0; i < silent.length; i += silentStep) {',
    'for (let i = 0; i < 0; i += silentStep) {',
  ),
  steady(
    'a counter that outgrew its word is cut',
    'if (lo < oldLo || words[slot + 1] !== 0) return -1;',
    'if (lo < oldLo) return -1;',
  ),
  steady(
    'a counter without a word is taken for 0',
    'if (((words[slot] as number) | (words[slot + 1] as number)) !== 0) return -1;',
    '',
  ),
  steady(
    'deltas of 64 bits do not borrow',
    'out[to + 1] = hi - oldHi - (lo < oldLo ? 1 : 0);',
    'out[to + 1] = hi - oldHi;',
  ),
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
    'orderOf(kind) >= levelOrder[level]',
    'orderOf(kind) > levelOrder[level]',
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
  end('at goes back', 'head.at = Math.max(head.at, capturedAt);', 'head.at = capturedAt;'),
  end('keys of a part are overwritten by the next', 'pending.parts === 1 ? keys : keys.slice()', 'keys'),
  end('ranks are not spread anew at a keyframe', 'if (beginsGroup) renumber(work.core);', ''),
  ranks('neighbours do not give way', 'const roomAnew = 16;', 'const roomAnew = 100_000_000;'),
  ranks('equal ranks rise', 'if (rank <= before) return false;', 'if (rank < before) return false;'),
  listed('a deviation is taken twice', '(core.word(r, Col.clockOffset) | 0)', '0'),
  rows('a deviation of a steady session is taken twice', 'clock, clock - offset,', 'clock, clock,'),
  clocks('the clock of later parts is not told', '(place === 0 && pending.parts === 1)', 'place === 0'),
  restore('deltas are added to images that hold them', 'if (imaged.has(key)) return;', ''),
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
  pieces('a checkpoint counts as told by the log', 'core.prints.restoreTold(before);', ''),
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
  pages('a wider layout loses high words', 'if (a.high[c] !== 0) to[', 'if (a.high[c] === 999) to['),
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
    'if (pending !== null && kept[base + Col.seen] === pending.number) {',
    'if (r === -2) {',
  ),
  incarnation(
    'a clock set by a few seconds is reuse',
    'export const littleMove = 2 * clockGrace;',
    'export const littleMove = 0;',
  ),
  incarnation(
    'a zone that nobody told us is not noticed',
    'return fits && Math.abs(shift) <= zoneMost ? Math.round(shift) * 1000 : 0;',
    'return 0;',
  ),
  incarnation(
    'any odd clock is of another offset',
    'const fits = rest <= 60 || rest > quarter - clockGrace;',
    'const fits = true;',
  ),
  incarnation(
    'what began after the last sight is the same when the clock was set',
    "if (bornAt(context, words, row) > core.time(r, Col.lastSeen) + listingMost) return 'other';",
    '',
  ),
  incarnation(
    'a session returns by the beginning of one',
    '(!isCut(words, row) || hasOwnHint(words, row))',
    'true',
  ),
  incarnation(
    'a create time learned is of the zone that we know',
    '(skew ?? head.skews.at(-1) ?? 0) + zoneShiftOf(context, words, row);',
    'skew ?? head.skews.at(-1) ?? 0;',
  ),
  rowClocks(
    'a wall time that comes twice tells one clock',
    'instantsOf(timezone, createTimeOf(words, row)).map(',
    'instantsOf(timezone, createTimeOf(words, row)).slice(0, 1).map(',
  ),
  head('clocks that were in force are forgotten', 'Math.abs(known - skew) > skewGrain', 'false'),
  counters(
    'a wrap beside a stamp that jitters is a clear',
    'halfWidth(getRounding(old, 0, c)), interval) === null) return true;',
    'halfWidth(getRounding(old, 0, c)), interval) !== undefined) return true;',
  ),
  rowCounters(
    'a stamp after the last sight that moved a little is no clear',
    'return utcOfLocal(timezone, local, capturedAt + clock) - clock < at - createTolerance * 1000;',
    'return true;',
  ),
  rows(
    'a create time that jitters denies that the clock was set',
    'if (createTimeOf(words, row) === createTimeIn(core, r)) noteUnmoved',
    'if (!Number.isNaN(createTimeOf(words, row))) noteUnmoved',
  ),
  rows(
    'the beginning of another session changes the one that is known',
    'if (live && isCut(words, row) && isDoubtful(context, r, words, row)) {',
    'if (live && r < 0) {',
  ),
  pages('a page that grows loses its rows', '    longer.set(page.words);\n', ''),
  table(
    'what a steady session moved is put back elsewhere',
    '(note & 3) === Undo.move ? movingStart : 0',
    '0',
  ),
  undo(
    'an entry in another chunk is lost',
    'this.#length = words[end + 3] as number;',
    'this.#length -= count + notes;',
  ),
  ranks(
    'equal ranks are no reason to look closer',
    '    if (rank <= before) return null;\n    if (i - from > 1) {',
    '    if (rank < before) return null;\n    if (i - from > 1) {',
  ),
  ranks('there is always room', 'if (!hasRoom(before, rank, i - from - 1, 1)) return null;', ''),
  finish(
    'an older snapshot closes what a newer one showed',
    'as number) < number && core.isLive',
    'as number) !== number && core.isLive',
  ),
  pieces(
    'a checkpoint does not say which snapshot showed a session',
    'return head.pending.length === 0 ? times :',
    'return head.pending.length >= 0 ? times :',
  ),
  run(
    'a part is of the moment that it says',
    'const late = newerKinds(head, capturedAt);',
    'const late = newerKinds(head, source.capturedAt);',
  ),
  end(
    'a part is told with the time that it says',
    'const taken = { ...source, capturedAt: pending.capturedAt };',
    'const taken = source;',
  ),
  groups(
    'sessions of another profile count as those before',
    'this.#ids[profile * groups.length + g] = idOf(',
    'this.#ids[g] = idOf(',
  ),
  zone('what prints no create time breaks a capture off', '!Number.isNaN(local) && instantsOf', 'instantsOf'),
];
