/**
 * The settings as they hold for one entitlement: general ones, overridden by its application's, overridden by its own;
 * and which identities and grants take part. Kept up to date by `refresh` whenever the catalog changes.
 */
import type { CatalogFacts } from "./catalog.ts";
import type { Exclusion, Fraction, Override, Settings } from "./settings.ts";

export interface EntitlementPolicy {
  readonly minSupport: number;
  readonly recommendThreshold: Fraction;
  /** Nothing is learned about it: it has no rules. */
  readonly learningExcluded: boolean;
  /** It is never recommended: excluded by configuration or not requestable. */
  readonly recommendExcluded: boolean;
}

export class Policy {
  readonly #settings: Settings;
  readonly #byApplication: Map<string, Override> = new Map();
  readonly #byEntitlement: Map<string, Override> = new Map();
  readonly #policies: EntitlementPolicy[] = [];
  /** The lowest minSupport that any entitlement may have: itemsets are tracked down to it. */
  readonly supportFloor: number;
  /** All values of minSupport in use. */
  readonly supportLevels: readonly number[];

  constructor(settings: Settings) {
    this.#settings = settings;
    for (const override of settings.overrides) {
      if (override.application !== null) this.#byApplication.set(override.application, override);
      if (override.entitlement !== null) this.#byEntitlement.set(override.entitlement, override);
    }
    const overridden = settings.overrides.map((override) => override.minSupport ?? settings.minSupport);
    this.supportLevels = [...new Set([settings.minSupport, ...overridden])];
    this.supportFloor = Math.min(...this.supportLevels);
  }

  of(entitlement: number): EntitlementPolicy {
    return this.#policies[entitlement]!;
  }

  /** Takes over what the catalog says now; true when the policy of the entitlement differs from before. */
  refresh(entitlement: number, name: string, facts: CatalogFacts): boolean {
    const before = this.#policies[entitlement];
    const next = this.#compute(name, facts);
    this.#policies[entitlement] = next;
    return before === undefined || JSON.stringify(before) !== JSON.stringify(next);
  }

  teachesFrom(source: string | null): boolean {
    return source === null || !this.#settings.learningExclude.sources.includes(source);
  }

  kindTeaches(kind: string | null): boolean {
    return kind === null || !this.#settings.learningExclude.kinds.includes(kind);
  }

  kindIsRecommendedTo(kind: string | null): boolean {
    return kind === null || !this.#settings.recommendExclude.kinds.includes(kind);
  }

  #compute(name: string, facts: CatalogFacts): EntitlementPolicy {
    const general = this.#settings;
    const own = this.#byEntitlement.get(name);
    const application = facts.application === null ? undefined : this.#byApplication.get(facts.application);
    return {
      minSupport: own?.minSupport ?? application?.minSupport ?? general.minSupport,
      recommendThreshold: own?.recommendThreshold ?? application?.recommendThreshold ?? general.recommendThreshold,
      learningExcluded:
        own?.excludeLearning ?? application?.excludeLearning ?? names(general.learningExclude, name, facts),
      recommendExcluded:
        !facts.requestable ||
        (own?.excludeRecommend ?? application?.excludeRecommend ?? names(general.recommendExclude, name, facts)),
    };
  }
}

function names(exclusion: Exclusion, entitlement: string, facts: CatalogFacts): boolean {
  return (
    exclusion.entitlements.includes(entitlement) ||
    (facts.application !== null && exclusion.applications.includes(facts.application)) ||
    facts.tags.some((tag) => exclusion.tags.includes(tag))
  );
}
