package dev.residual.bench.peers;

import com.fasterxml.jackson.databind.JsonNode;
import dev.residual.ResidualException;
import java.io.IOException;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;

/** Lets contestants that are ready take turns, so that a machine that drifts drifts for all of them; and says the outcome. */
final class Comparison {
    /** How far a peer's logits may be from the product's, of the same weights in fp32. */
    private static final double TOLERANCE = 1e-4;

    private final String title;
    private final Work work;
    private final int steps;
    private final List<Player> players;
    private final Map<String, List<JsonNode>> turns = new LinkedHashMap<>();
    private final Map<String, String> failures = new LinkedHashMap<>();
    private final PrintStream out;

    /** @param players the first is what the others are compared with */
    Comparison(String title, Work work, int steps, List<Player> players, PrintStream out) {
        this.title = title;
        this.work = work;
        this.steps = steps;
        this.players = new ArrayList<>(players);
        this.out = out;
    }

    /**
     * @param warmUps turns that do not count
     * @return all figures, for JSON
     */
    Map<String, Object> run(int warmUps, int count) throws IOException {
        for (int turn = -warmUps; turn < count; turn++) {
            for (Player player : List.copyOf(players)) {
                try {
                    JsonNode done = player.turn(steps);
                    turns.computeIfAbsent(player.name(), n -> new ArrayList<>()).add(done);
                } catch (IOException | ResidualException e) {
                    failures.put(player.name(), e.getMessage());
                    players.remove(player);
                    turns.remove(player.name());
                }
            }
        }
        return report(warmUps);
    }

    /** Whether any of them did not get to its end. */
    boolean failed() {
        return !failures.isEmpty();
    }

    private Map<String, Object> report(int warmUps) {
        List<Object> rows = new ArrayList<>();
        out.printf("%n%s%n", title);
        out.printf(
                "  %-22s %10s %10s %10s   %-22s %s%n",
                "ms per " + work.unit(),
                "minimum",
                "median",
                "images/s",
                players.isEmpty() ? "" : "× " + players.get(0).name(),
                work == Work.TRAINING ? "loss: first, last" : "");
        out.printf("  %-22s %10s %10s %10s   %-22s%n", "", "", "", "(median)", "minimum  median");
        double[] first = null;
        for (Player player : players) {
            List<JsonNode> all = turns.get(player.name());
            List<JsonNode> counted = all.subList(warmUps, all.size());
            double[] times = counted.stream()
                    .mapToDouble(t -> t.get("milliseconds").asDouble() / steps)
                    .toArray();
            first = first == null ? times : first;
            double[] ratios = new double[times.length];
            for (int i = 0; i < ratios.length; i++) {
                ratios[i] = times[i] / first[i];
            }
            double imagesPerTurn = counted.stream()
                    .mapToLong(t -> t.get("images").asLong())
                    .average()
                    .orElse(0);
            double imagesPerSecond = imagesPerTurn / steps / median(times) * 1000;
            out.printf(
                    Locale.ROOT,
                    "  %-22s %10.2f %10.2f %10.0f   %7.3f %7.3f        %s%n",
                    player.name(),
                    minimum(times),
                    median(times),
                    imagesPerSecond,
                    minimum(ratios),
                    median(ratios),
                    losses(all));
            rows.add(row(player, times, ratios, all));
        }
        failures.forEach((name, why) -> out.printf("  %-22s failed: %s%n", name, why));
        for (Player player : players) {
            agreement(player)
                    .ifPresent(d -> out.printf(
                            Locale.ROOT,
                            "  logits of %s: at most %.1e from %s's%s%n",
                            player.name(),
                            d,
                            players.get(0).name(),
                            d <= TOLERANCE ? "" : " (more than rounding gives in fp32: " + TOLERANCE + ")"));
        }
        Map<String, Object> result = new LinkedHashMap<>();
        result.put("title", title);
        result.put("unit", work.unit());
        result.put("stepsPerTurn", steps);
        result.put("contestants", rows);
        result.put("failures", failures);
        return result;
    }

    private static Map<String, Object> row(Player player, double[] times, double[] ratios, List<JsonNode> all) {
        Map<String, Object> row = new LinkedHashMap<>();
        row.put("name", player.name());
        row.put("about", player.about());
        row.put("milliseconds", Map.of("minimum", minimum(times), "median", median(times), "turns", times));
        row.put("ratio", Map.of("minimum", minimum(ratios), "median", median(ratios), "turns", ratios));
        row.put("turns", all);
        return row;
    }

    /** The largest difference to the first contestant's logits, where both told theirs. */
    private OptionalDouble agreement(Player player) {
        JsonNode ours = players.get(0).about().path("logits");
        JsonNode theirs = player.about().path("logits");
        if (player == players.get(0) || !ours.isArray() || !theirs.isArray()) {
            return OptionalDouble.empty();
        }
        double most = ours.size() == theirs.size() ? 0 : Double.POSITIVE_INFINITY;
        for (int i = 0; i < Math.min(ours.size(), theirs.size()); i++) {
            most = Math.max(
                    most, Math.abs(ours.get(i).asDouble() - theirs.get(i).asDouble()));
        }
        return OptionalDouble.of(most);
    }

    /** Of the very first and the very last step, warm-up included; nothing for inference. */
    private static String losses(List<JsonNode> all) {
        JsonNode first = all.get(0).path("firstLoss");
        JsonNode last = all.get(all.size() - 1).path("lastLoss");
        return first.isMissingNode() ? "" : String.format(Locale.ROOT, "%.4f  %.4f", first.asDouble(), last.asDouble());
    }

    private static double minimum(double[] values) {
        return Arrays.stream(values).min().orElse(Double.NaN);
    }

    private static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        int middle = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }
}
