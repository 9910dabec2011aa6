/** Where the fleet file names no limit; source: the vendor's defaults (`maximum-sessions`). */
export const defaultLimits = { chassis: 512_000, interface: 64_000, tunnel: 65_535 } as const;
