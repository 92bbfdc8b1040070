package dev.residual.cli;

import dev.residual.model.Summary;
import dev.residual.predict.BuiltInModels;
import dev.residual.weights.ModelFile.Card;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
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
        Map<String, String> rows = new TreeMap<>(card.provenance());
        rows.put("classes", String.join(", ", card.classes()));
        String accuracy = rows.remove(Card.TEST_ACCURACY);
        StringBuilder text = new StringBuilder(String.format(
                Locale.ROOT,
                "%s   %s, %,d parameters, test accuracy %s",
                name,
                card.architecture().name(),
                Summary.of(card.architecture()).parameters(),
                accuracy == null ? "not recorded" : accuracy));
        rows.forEach((key, value) -> text.append(String.format("%n    %-24s %s", key, value)));
        return text.toString();
    }
}
