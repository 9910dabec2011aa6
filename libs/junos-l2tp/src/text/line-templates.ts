/** The lines that a capture has shown so far, each as the pieces that print it: what makes layouts few. */
import type { SessionRecord } from '@sessionreel/session-model';
import { joinPieces, type Piece } from '../layout/layout.ts';
import { prints } from './line-shape.ts';

/** How a line is printed, whichever capture shows it. */
export interface Shape {
  /** From 1. */
  readonly id: number;
  /** The line's labels and fields, not its values and spaces. */
  readonly key: string;
  readonly pieces: readonly Piece[];
  /** How many values of unknown labels the line prints. */
  readonly unknowns: number;
  /** Fields that such a line prints beyond doubt (`certainFields`). */
  readonly certain: readonly number[];
  /** True for the head of the counters' table. */
  readonly isCounterHead: boolean;
  /** The first guess printed the line that it was learned from. */
  readonly isGuessed: boolean;
}

export interface LineTemplate {
  /** From 1, in the order of learning. */
  readonly id: number;
  readonly shape: Shape;
  /** The templates of the same labels and fields; the one that printed a line last is tried first. */
  readonly group: TemplateGroup;
}

interface TemplateGroup {
  readonly templates: LineTemplate[];
}

/** The shapes of lines, each once. */
export class Shapes {
  readonly #known = new Map<string, Shape>();
  #count = 0;

  get size(): number {
    return this.#known.size;
  }

  intern(shape: Omit<Shape, 'id'>): Shape {
    const { key, pieces, isGuessed } = shape;
    const text = `${key}\n${isGuessed ? 1 : 0}${JSON.stringify(pieces)}`;
    let known = this.#known.get(text);
    if (known === undefined) this.#known.set(text, (known = { ...shape, id: ++this.#count }));
    return known;
  }

  clear(): void {
    this.#known.clear();
  }
}

/** Templates kept for one kind of line: verbatim patches must not pile up. */
const maxGroup = 32;

/** How pieces of a line may be found. */
export interface Builds {
  /** The best guess first; the last must print the line. */
  readonly builds: readonly (() => Piece[])[];
  /** The first of them depends on the line alone, not on lines around it. */
  readonly isAlone: boolean;
}

export type AboutLine = Pick<Shape, 'certain' | 'isCounterHead'>;

const plainLine: AboutLine = { certain: [], isCounterHead: false };

export class LineTemplates {
  readonly #shapes: Shapes;
  readonly #byKey = new Map<string, TemplateGroup>();
  #count = 0;
  #size = 0;

  /** Grows whenever another template of a kind becomes the first to be tried. */
  version = 0;

  /** Called when another template of its group has become the first. */
  onFirst: (group: TemplateGroup) => void = () => undefined;

  constructor(shapes: Shapes) {
    this.#shapes = shapes;
  }

  /** How many there are, or were until the last `clear`. */
  get size(): number {
    return this.#size;
  }

  clear(): void {
    this.#byKey.clear();
    this.#size = 0;
    this.version++;
  }

  /**
   * The template that prints `line`, which is learned now when there is none. `key` holds the line's labels and fields, not its values
   * and spaces.
   * @throws when no build prints it: a mistake in the program.
   */
  find(
    key: string,
    line: string,
    record: SessionRecord,
    unknownBase: number,
    unknowns: number,
    { builds, isAlone }: Builds,
    about: AboutLine = plainLine,
  ): LineTemplate {
    const templates = this.#byKey.get(key)?.templates ?? [];
    const known = templates.findIndex((t) => prints(t.shape.pieces, record, unknownBase, line));
    if (known >= 0) {
      const [template] = templates.splice(known, 1) as [LineTemplate];
      templates.unshift(template);
      if (known > 0) this.#changed(template.group);
      return template;
    }
    for (const [i, build] of builds.entries()) {
      const pieces = joinPieces(build());
      if (!prints(pieces, record, unknownBase, line)) continue;
      return this.#add(
        this.#shapes.intern({ key, pieces, unknowns, ...about, isGuessed: i === 0 && isAlone }),
      );
    }
    throw new Error(`no pieces print the line ${JSON.stringify(line)}`);
  }

  /**
   * A template of a shape that another capture showed, for a line of which this one would have learned the same, or has; null when
   * it has learned another of its kind.
   */
  adopt(shape: Shape): LineTemplate | null {
    const group = this.#byKey.get(shape.key);
    if (group === undefined) return this.#add(shape);
    const first = group.templates[0];
    return first?.shape === shape ? first : null;
  }

  #add(shape: Shape): LineTemplate {
    const group = this.#byKey.get(shape.key) ?? { templates: [] };
    const { templates } = group;
    this.#size++;
    const template: LineTemplate = { id: ++this.#count, shape, group };
    templates.unshift(template);
    if (templates.length > maxGroup) templates.pop();
    this.#byKey.set(shape.key, group);
    this.#changed(group);
    return template;
  }

  #changed(group: TemplateGroup): void {
    this.version++;
    this.onFirst(group);
  }
}
