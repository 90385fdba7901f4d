/** What every implementation of the transport port must do. Numbers in titles are those of the duties in transport.ts. */
import { afterEach, beforeEach, describe } from "vitest";
import type { TransportExceptions, TransportFixture } from "./transport-fixture.ts";
import { inputContract } from "./transport-inputs.ts";
import { publishContract } from "./transport-publish.ts";

/** `makeFixture` gives each test a broker or folder of its own. */
export function transportContract(
  name: string,
  makeFixture: () => Promise<TransportFixture>,
  exceptions: TransportExceptions = {},
): void {
  describe(`transport contract: ${name}`, () => {
    let current: TransportFixture;
    beforeEach(async () => {
      current = await makeFixture();
    });
    afterEach(() => current.dispose());

    const suite = { fixture: () => current, exceptions };
    inputContract(suite);
    publishContract(suite);
  });
}
