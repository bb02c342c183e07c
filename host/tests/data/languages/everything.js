/** Rule `everything`: shows every fact there is, one part at a time, and takes a claim. */

import {
  DataError,
  Unknown,
  because,
  checksWithClaims,
  domain,
  reject,
  setting,
  site,
  source,
  takenAt,
  unknown,
  warn,
} from "./wayleave/index.js";

const SHOWN = warn("shown", "this is what is known");
const REFUSED = reject("refused", "it was to be refused");
const UNKNOWN_PART = unknown("no-such-part", "there is no such part");

function known(ask) {
  try {
    const value = ask();
    return String(typeof value === "boolean" ? Number(value) : value);
  } catch (error) {
    if (error instanceof Unknown) return `?${error.fact}`;
    throw error;
  }
}

const facts = (of, ...names) => names.map((name) => known(() => of[name])).join(",");
const orNone = (text) => text ?? "-";

const parts = {
  node: (node) =>
    [
      node.name,
      facts(node, "uuid", "hostname", "driver", "arch", "cpuModel", "cpuVendor"),
      facts(node, "cpus"),
      facts(node, "memoryTotal", "memoryFree"),
      facts(node, "libvirtVersion", "hypervisorVersion"),
      facts(node, "maintenance", "machineKnown"),
      orNone(node.label("rack")),
      `of ${node.candidates().length}`,
    ].join(" "),

  pair(node) {
    const disk = (one) => `${one.disk}:${one.access}:${orNone(one.pool)}:${one.detail}`;
    const disks = known(() => node.disks().map(disk).join(","));
    const [uri, why] = [node.reachUri, node.reachDetail];
    return `${node.cpuComparison} ${node.cpuDetail} ${node.reach} ${uri} ${why} ${disks}`;
  },

  cells: (node, { page_size }) =>
    node
      .cells()
      .map((cell) => {
        const numbers = ["id", "cpus", "memoryTotal", "memoryFree"].map((name) => facts(cell, name));
        return [...numbers, cell.cpuIds().join(","), known(() => cell.freePages(page_size))].join(":");
      })
      .join(","),

  residents: (node) =>
    node
      .residents()
      .map((one) => {
        const numbers = ["active", "vcpus", "memory"].map((name) => facts(one, name));
        return [one.name, one.uuid, ...numbers, orNone(one.label("licence"))].join(":");
      })
      .join(","),

  networks: (node) =>
    node
      .networks()
      .map((one) => `${one.kind}:${one.name}:${facts(one, "active")}`)
      .join(","),

  domain: () =>
    [
      domain.name,
      domain.destinationName,
      facts(domain, "uuid", "hypervisor", "state", "arch", "machine"),
      facts(domain, "vcpus"),
      facts(domain, "memory"),
      domain.cpuMode,
      domain.cpuModel,
      orNone(domain.label("licence")),
      orNone(domain.tpmBackend),
      orNone(domain.nvram),
      orNone(domain.launchSecurity),
    ].join(" "),

  devices: () =>
    [
      domain.diskTarget,
      domain.diskDevice,
      domain.diskSourceType,
      domain.diskSource,
      domain.diskCache,
      domain.diskReadonly,
      domain.diskShareable,
      domain.hostdevKind,
      domain.hostdevMode,
      domain.hostdevAddress,
      domain.interfaceKind,
      domain.interfaceSource,
      domain.filesystemKind,
      domain.filesystemSource,
      domain.sharedMemoryName,
    ].join(";"),

  numa: () =>
    [
      domain.cellMemory,
      domain.cellVcpus,
      domain.numatuneMode,
      domain.numatuneCells,
      domain.cellBindingOffsets,
      domain.cellBinding,
      domain.pinnedCpus,
      domain.hugepageSize.map((size) => (size === domain.DEFAULT_PAGE_SIZE ? "18446744073709551615" : size)),
      domain.hugepageMemory,
    ].join(";"),

  site(node, { tables }) {
    const column = (table, name) => {
      try {
        return site.column(table, name).join(",");
      } catch (error) {
        if (error instanceof DataError) return `?${error.message}`;
        throw error;
      }
    };
    const columns = tables.flatMap((table) => ["product", "seats"].map((name) => column(table, name)));
    const [uuid, version] = [facts(source, "uuid"), facts(source, "hypervisorVersion")];
    const rack = orNone(source.label("rack"));
    return `${source.name} ${uuid} ${version} ${rack} ${takenAt()} ${columns.join(";")}`;
  },

  settings: (node, { page_size, share, refuse, tables }) =>
    `${page_size} ${share.toFixed(2)} ${Number(refuse)} ${tables.join(",")}`,

  needing: (node) => `${node.memoryFree} ${domain.vcpus}`,

  panic() {
    throw new Error("it was to fail");
  },
};

checksWithClaims({
  name: "everything",
  title: "every fact is shown",
  reasons: [SHOWN, REFUSED, UNKNOWN_PART],
  settings: {
    part: setting("node", "Which part is shown."),
    page_size: setting(2097152, "A page size."),
    share: setting(0.5, "A share."),
    refuse: setting(false, "Whether the node is refused."),
    tables: setting(["licences"], "Names of tables."),
  },

  problems: ({ share }) => (share > 1 ? [{ path: "/share", message: "is more than 1" }] : []),

  judge(node, settings) {
    const part = parts[settings.part];
    if (!part) return because(UNKNOWN_PART).needed("a part");
    const shown = part(node, settings);
    const verdict = because(settings.refuse ? REFUSED : SHOWN);
    return verdict.measured(shown).remedy("look at it");
  },

  claims: (node) => [{ resource: `slot/${node.name}`, amount: 1, limit: node.cpus }],
});
