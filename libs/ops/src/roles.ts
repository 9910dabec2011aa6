/** What people and programs may do: each role may what those before it may. `view` reads, as the privilege of the router's command. */
export const roles = ['view', 'operator', 'admin'] as const;
export type Role = (typeof roles)[number];

export const mayAs = (role: Role, needed: Role): boolean => roles.indexOf(role) >= roles.indexOf(needed);
