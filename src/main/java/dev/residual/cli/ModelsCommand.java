package dev.residual.cli;

import dev.residual.graph.Summary;
import dev.residual.model.Model.Card;
import dev.residual.predict.BuiltInModels;
import dev.residual.recipe.RecipeChanges;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

@Command(
        name = "models",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description =
                "Lists the models that are shipped with the program: accuracy, classes, and how they were trained.")
final class ModelsCommand implements Callable<Integer> {
    @Override
    public Integer call() {
        List<String> names = BuiltInModels.names();
        if (names.isEmpty()) {
            new Console().line("No model is shipped with this build.");
        }
        for (String name : names) {
            new Console().line(text(name, BuiltInModels.read(name).card()));
        }
        return Main.OK;
    }

    private static String text(String name, Card card) {
        List<String> facts = new ArrayList<>();
        card.provenance().training().ifPresent(t -> {
            t.testAccuracy()
                    .ifPresent(percent -> facts.add(String.format(
                            Locale.ROOT, "%.2f %% on %s", percent, t.data().dataset())));
            facts.add(RecipeChanges.title(t.recipe(), card.architecture()));
            facts.add(String.format(Locale.ROOT, "%,d iterations", t.iteration()));
        });
        facts.add(String.format(
                Locale.ROOT,
                "%,d parameters",
                Summary.of(card.architecture().graph()).parameters()));
        return String.format(Locale.ROOT, "%-10s %s", name, String.join(", ", facts));
    }
}
