package dev.residual;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import java.io.PrintStream;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The layers of packages: imports go down only. */
@AnalyzeClasses(packages = "dev.residual", importOptions = DoNotIncludeTests.class)
class HouseTest {
    /** From the top; a package may use those behind it in its list, and nothing else. */
    private static final Map<String, List<String>> LAYERS = new LinkedHashMap<>();

    private static void layer(String name, String... uses) {
        LAYERS.put(name, List.of(uses));
    }

    static {
        layer(
                "cli",
                "study",
                "launch",
                "distributed",
                "report",
                "train",
                "predict",
                "picture",
                "evaluate",
                "run",
                "recipe",
                "importing",
                "onnx",
                "pytorch",
                "formats",
                "model",
                "nn",
                "graph",
                "data",
                "backend",
                "tensor");
        layer("study", "report", "run", "recipe", "model", "nn", "graph", "data", "tensor");
        layer(
                "launch",
                "train",
                "distributed",
                "predict",
                "run",
                "recipe",
                "model",
                "nn",
                "graph",
                "data",
                "backend",
                "tensor");
        layer("report", "evaluate", "run", "recipe", "model", "safetensors", "nn", "graph", "data", "tensor");
        layer(
                "train",
                "distributed",
                "evaluate",
                "run",
                "recipe",
                "model",
                "safetensors",
                "nn",
                "graph",
                "data",
                "backend",
                "tensor");
        layer("predict", "model", "nn", "graph", "data", "picture", "backend", "tensor");
        layer("evaluate", "model", "nn", "graph", "data", "backend", "tensor");
        layer("run", "recipe", "model", "safetensors", "nn", "graph", "tensor");
        layer("importing", "formats", "pytorch", "safetensors", "model", "nn", "graph", "data");
        layer("onnx", "model", "nn", "graph", "data");
        layer("pytorch", "pickle", "formats", "model", "safetensors", "nn", "graph", "data");
        layer("formats");
        layer("model", "recipe", "safetensors", "nn", "graph", "data", "tensor");
        layer("safetensors");
        layer("recipe", "nn", "data");
        layer("distributed", "tensor");
        layer("data", "picture", "pickle", "tensor");
        layer("nn", "backend", "graph", "tensor");
        layer("backend", "graph", "tensor");
        layer("graph");
        layer("tensor");
        layer("picture");
        layer("pickle");
    }

    private static String packageOf(String name) {
        boolean format = List.of("importing", "onnx", "pytorch", "safetensors").contains(name);
        return "dev.residual." + (format ? "formats." : "") + name;
    }

    @ArchTest
    static void importsGoDownOnly(JavaClasses classes) {
        Set<String> all = LAYERS.keySet();
        LAYERS.forEach((name, uses) -> {
            List<String> others = all.stream()
                    .filter(other -> !other.equals(name) && !uses.contains(other))
                    .map(HouseTest::packageOf)
                    .toList();
            noClasses()
                    .that()
                    .resideInAPackage(packageOf(name))
                    .should()
                    .dependOnClassesThat()
                    .resideInAnyPackage(others.toArray(String[]::new))
                    .check(classes);
        });
    }

    /** In Arabic figures would have other digits, in Turkish an I would not become an i. */
    @ArchTest
    static void nothingDependsOnTheLocale(JavaClasses classes) {
        noClasses()
                .should()
                .callMethod(String.class, "format", String.class, Object[].class)
                .orShould()
                .callMethod(PrintStream.class, "printf", String.class, Object[].class)
                .orShould()
                .callMethod(String.class, "toLowerCase")
                .orShould()
                .callMethod(String.class, "toUpperCase")
                .check(classes);
    }

    /** Every package is in a layer. */
    @ArchTest
    static void noRoomIsForgotten(JavaClasses classes) {
        classes.stream()
                .map(JavaClass::getPackageName)
                .filter(name -> !name.equals("dev.residual"))
                .distinct()
                .forEach(name -> assertThat(LAYERS.keySet().stream().map(HouseTest::packageOf))
                        .contains(name));
    }
}
