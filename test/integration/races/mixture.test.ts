/** Everything at once, at random, over two processes: redeem, reserve, confirm, cancel, roll back whole and in part, twins. */
import { expect, it } from "vitest";
import { useApp } from "../../support/app.ts";
import { expectAuditClean, useFleet } from "../../support/fleet.ts";
import { randomFrom } from "../../support/mixture/random.ts";
import { openShop } from "../../support/mixture/shop.ts";
import { Journal, shopAtRandom } from "../../support/mixture/shopper.ts";
import { verify } from "../../support/mixture/verify.ts";
import { callers, timeoutMs } from "./callers.ts";

const app = useApp();
const fleet = useFleet(app, 2);
const stepsEach = 5;

it(
  `${callers / 2} shoppers who do all there is to do end with exact counts, whatever came first`,
  async () => {
    const project = await app.newProject();
    const shop = await openShop((call) => fleet.send(project, call), { ...app, ...project }, "mixture");
    const journal = new Journal();
    await Promise.all(
      Array.from({ length: callers / 2 }, (_, shopper) =>
        shopAtRandom(
          {
            shop,
            journal,
            ask: (call, twin) => fleet.insist(project, call, twin),
            random: randomFrom(20_261_123 + shopper),
          },
          (done) => done < stepsEach,
        ),
      ),
    );
    expect(await verify(app.pool, project.projectId, journal)).toEqual([]);
    await expectAuditClean(app, project);

    // The day was busy enough to mean something.
    const answered = (deed: string, status: number) =>
      journal.entries.filter((entry) => entry.deed === deed && entry.answer.status === status).length;
    for (const deed of ["redeem", "reserve", "confirm", "rollback"]) expect(answered(deed, 201)).toBeGreaterThan(0);
    for (const deed of ["redeem", "reserve"]) expect(answered(deed, 422)).toBeGreaterThan(0);
    expect(answered("cancel", 204)).toBeGreaterThan(0);
    expect(answered("rollback", 409)).toBeGreaterThan(0);

    // And had a counter been wrong, we would have seen it.
    await app.pool.query(
      "update voucher set redemptions_count = redemptions_count - 1 where project_id = $1 and code = 'EARN'",
      [project.projectId],
    );
    await app.pool.query("delete from outbox where project_id = $1 and type = 'redemption.succeeded'", [
      project.projectId,
    ]);
    const findings = await verify(app.pool, project.projectId, journal);
    expect(findings.map((finding) => finding.split(":")[0])).toEqual([
      "announced redemptions",
      "a voucher that is not what its redemptions left",
    ]);
  },
  2 * timeoutMs,
);
