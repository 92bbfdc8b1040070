package dev.residual.cli;

import dev.residual.graph.Summary;
import dev.residual.model.Model.Card;
import dev.residual.predict.BuiltInModels;
import dev.residual.recipe.RecipeChanges;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

@Command(
        name = "models",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = "Lists the pretrained models: their accuracy, and how and when they were trained.")
final class ModelsCommand implements Callable<Integer> {
    @Override
    public Integer call() {
        Map<String, LocalDate> days = BuiltInModels.days();
        if (days.isEmpty()) {
            new Console().line("This build has no pretrained model.");
        }
        days.forEach((name, day) -> {
            Card card = BuiltInModels.read(name).card();
            new Console().line(line(name, reached(card)));
            new Console().line(line("", training(card, day)));
        });
        return Main.OK;
    }

    private static String line(String name, List<String> facts) {
        return String.format(Locale.ROOT, "%-10s %s", name, String.join(", ", facts));
    }

    private static List<String> reached(Card card) {
        List<String> facts = new ArrayList<>();
        card.provenance()
                .training()
                .ifPresent(t -> t.testAccuracy()
                        .ifPresent(percent -> facts.add(String.format(
                                Locale.ROOT, "%.2f %% on %s", percent, t.data().dataset()))));
        facts.add(String.format(
                Locale.ROOT,
                "%,d parameters",
                Summary.of(card.architecture().graph()).parameters()));
        return facts;
    }

    private static List<String> training(Card card, LocalDate day) {
        List<String> facts = new ArrayList<>();
        card.provenance().training().ifPresent(t -> {
            facts.add(RecipeChanges.title(t.recipe(), card.architecture()));
            facts.add(String.format(Locale.ROOT, "%,d iterations", t.iteration()));
            facts.add(t.precision().toString());
            facts.add("seed " + t.seed());
        });
        facts.add(day.toString());
        card.provenance().software().ifPresent(software -> facts.add("version " + software.residual()));
        return facts;
    }
}
