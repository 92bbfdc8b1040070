package dev.residual.cli;

import dev.residual.graph.Summary;
import dev.residual.model.Model.Card;
import dev.residual.predict.BuiltInModels;
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
            System.out.println("No model is shipped with this build.");
        }
        for (String name : names) {
            System.out.println(text(name, BuiltInModels.read(name).card()));
        }
        return Main.OK;
    }

    private static String text(String name, Card card) {
        List<String> facts = new ArrayList<>();
        facts.add(card.architecture().name());
        facts.add(String.format(
                Locale.ROOT,
                "%,d parameters",
                Summary.of(card.architecture().graph()).parameters()));
        card.provenance().training().ifPresent(t -> {
            t.testAccuracy()
                    .ifPresent(percent -> facts.add(String.format(
                            Locale.ROOT, "%.2f %% on %s", percent, t.data().dataset())));
            facts.add(String.format(
                    Locale.ROOT,
                    "%s recipe, %,d iterations, seed %d",
                    t.recipe().name(),
                    t.iteration(),
                    t.seed()));
        });
        return name + "   " + String.join(", ", facts);
    }
}
