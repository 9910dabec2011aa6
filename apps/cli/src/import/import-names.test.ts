import { describe, expect, it } from 'vitest';
import { fromName } from './import-names.ts';

const utc = Date.UTC;
const noon = utc(2026, 10, 20, 10);

describe('what a name says', () => {
  it.each([
    ['lns1/2026-11-20T10:00:00Z.txt', 'lns1', noon],
    ['captures/lns1/2026-11-20T1000.txt', 'lns1', noon],
    ['lns1.example.net_20261120-100030.log.gz', 'lns1.example.net', utc(2026, 10, 20, 10, 0, 30)],
    ['2026-11-20_10.15_lns1-show-services-l2tp-session-extensive.txt', 'lns1', utc(2026, 10, 20, 10, 15)],
    ['show_services_l2tp_session_extensive-lns1-20261120.txt', 'lns1', utc(2026, 10, 20)],
    ['a.tar/2026-11-20/lns2.xml', 'lns2', utc(2026, 10, 20)],
    ['lns3.1795168800.txt', 'lns3', 1_795_168_800_000],
    ['lns3-1795168800123.json', 'lns3', 1_795_168_800_123],
    ['1795168800/lns3.txt', 'lns3', 1_795_168_800_000],
    ['lns4.txt', 'lns4', undefined],
    ['lns5/show services l2tp session.txt', 'lns5', undefined],
  ])('%s', (path, router, time) => {
    expect(fromName(path, 'UTC')).toEqual({ router, time });
  });

  it.each([
    // A date in folders, the rest in the name.
    ['lns1/2026/11/20/1000.txt', 'lns1', noon],
    ['2026/11/20/lns1.txt', 'lns1', utc(2026, 10, 20)],
    ['lns1/20261120/10-00.txt', 'lns1', noon],
    ['lns1/2026-11-20/100000.xml.zst', 'lns1', noon],
    // Months by name.
    ['lns1-20Nov2026-1000.txt', 'lns1', noon],
    ['lns1_Nov-20-2026_10.00.txt', 'lns1', noon],
    ['20-november-2026/lns-berlin.txt', 'lns-berlin', utc(2026, 10, 20)],
    ['20.11.2026_10.00_lns1.log', 'lns1', noon],
    // Offsets and fractions.
    ['lns1@2026-11-20T11:00:00+01:00.txt', 'lns1', noon],
    ['lns1@2026-11-20T10-00-00.123Z.txt', 'lns1', noon],
    // As rancid and oxidized keep them, and as logs are turned over.
    ['rancid/lns/configs/lns1.example.net', 'lns1.example.net', undefined],
    ['oxidized/default/lns1', 'lns1', undefined],
    ['lns1.log.2', 'lns1', undefined],
    ['lns1.tar.gz/2026-11-20T1000.txt', 'lns1', noon],
    ['captures-2025.tar.zst/lns1/20261120T1000Z.txt', 'lns1', noon],
    // No dates.
    ['lns-2026/x20261399.txt', 'x20261399', undefined],
    ['mx480-20261120.txt', 'mx480', utc(2026, 10, 20)],
    ['mar1-lns.txt', 'mar1-lns', undefined],
    ['2026-02-31/lns1.txt', 'lns1', undefined],
  ])('%s, as others have it', (path, router, time) => {
    expect(fromName(path, 'UTC')).toMatchObject({ router, time });
  });

  it('is in the zone of the routers', () => {
    expect(fromName('lns1/2026-07-20T1000.txt', 'Europe/Berlin').time).toBe(utc(2026, 6, 20, 8));
    expect(fromName('lns1/20Jul2026-1000.txt', 'Europe/Berlin').time).toBe(utc(2026, 6, 20, 8));
  });
});
