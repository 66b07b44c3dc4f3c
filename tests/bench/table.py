"""The bench's one table, in Markdown, and which targets it meets."""

import statistics

import measured

PEAK_MIB_MAX = 256

# What is held against what: (row, figure, peer, limit of varve / peer).
RATIO_TARGETS = [
    ("first backup", "cpu", "borg", 1.0),
    ("first backup", "wall", "borg", 0.5),
    ("night (median of four)", "cpu", "borg", 0.6),
    ("restore to raw; qemu-img: from an uncompressed qcow2", "cpu", "qemu-img", 1.5),
]
SIZE_ROW = "repository after four nights, MiB"
DIFF_ROW, DIFF_SECONDS_MAX = "diff of two nights, 1 TiB with 1,024 pages", 0.05


class Table:
    def __init__(self, tools):
        self.tools = tools
        self.costs = {}  # row -> tool -> list of Cost
        self.sizes = {}  # row -> tool -> MiB
        self.rows = []

    def add_costs(self, row, costs):
        self.rows.append(row)
        self.costs[row] = costs

    def add_sizes(self, row, sizes):
        self.rows.append(row)
        self.sizes[row] = sizes

    def ratio(self, row, figure, peer):
        """The median of run by run, or None: pairs hold when the machine's speed drifts."""
        costs = self.costs.get(row, {})
        if row in self.sizes:
            return self.sizes[row]["varve"] / self.sizes[row][peer]
        if peer not in costs:
            return None
        return statistics.median(getattr(a, figure) / getattr(b, figure) for a, b in zip(costs["varve"], costs[peer]))

    def markdown(self, facts):
        heads = ["step", *self.tools, *(f"÷ {peer}" for peer in self.tools[1:])]
        lines = [f"* {name}: {value}" for name, value in facts.items()]
        lines += ["", "Cells: CPU seconds (user and system) / wall seconds / peak MiB. The last columns: varve's CPU ÷ "
                  "the peer's, wall in brackets.", "", self.line(heads)]
        lines += [self.line(["---"] + ["--:"] * (len(heads) - 1))]
        lines += [self.line([row, *self.cells(row)]) for row in self.rows]
        lines += ["", "Targets:", ""]
        lines += [f"* {name}: {found} (target {target}): {'met' if met else '**not met**'}"
                  for name, found, target, met in self.verdicts()]
        return "\n".join(lines) + "\n"

    @staticmethod
    def line(cells):
        return "| " + " | ".join(cells) + " |"

    def cells(self, row):
        if row in self.sizes:
            sizes = self.sizes[row]
            return [f"{sizes[tool]:,.0f}" for tool in self.tools] + \
                   [f"{self.ratio(row, '', peer):.2f}" for peer in self.tools[1:]]
        return [self.cost_cell(row, tool) for tool in self.tools] + \
               [self.ratio_cell(row, peer) for peer in self.tools[1:]]

    def cost_cell(self, row, tool):
        costs = self.costs[row].get(tool)
        if not costs:
            return "–"
        cost = measured.median(costs)
        return f"{cost.cpu:.2f} / {cost.wall:.2f} / {cost.peak_mib:.0f}"

    def ratio_cell(self, row, peer):
        if self.ratio(row, "cpu", peer) is None:
            return "–"
        return f"{self.ratio(row, 'cpu', peer):.2f} ({self.ratio(row, 'wall', peer):.2f})"

    def verdicts(self):
        for row, figure, peer, limit in RATIO_TARGETS:
            ratio = self.ratio(row, figure, peer)
            yield f"{row}, {figure} ÷ {peer}", f"{ratio:.2f}", f"≤ {limit}", ratio <= limit
        for peer in ("borg", "restic"):
            ratio = self.ratio(SIZE_ROW, "", peer)
            yield f"repository after four nights ÷ {peer}", f"{ratio:.2f}", "< 1", ratio < 1
        wall = measured.median(self.costs[DIFF_ROW]["varve"]).wall
        limit = f"< {DIFF_SECONDS_MAX * 1000:.0f} ms"
        yield f"{DIFF_ROW}, wall", f"{wall * 1000:.0f} ms", limit, wall < DIFF_SECONDS_MAX
        peak = max(cost.peak_mib for row in self.costs.values() for cost in row.get("varve", []))
        yield "largest peak memory of varve in any row", f"{peak:.0f} MiB", f"< {PEAK_MIB_MAX} MiB", peak < PEAK_MIB_MAX
