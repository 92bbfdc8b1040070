package dev.residual;

import static com.tngtech.archunit.library.Architectures.layeredArchitecture;

import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/** The floors of the house: imports go down only. */
@AnalyzeClasses(packages = "dev.residual", importOptions = DoNotIncludeTests.class)
class HouseTest {
    @ArchTest
    static final ArchRule IMPORTS_GO_DOWN_ONLY = layeredArchitecture()
            .consideringOnlyDependenciesInLayers()
            .layer("cli")
            .definedBy("dev.residual.cli")
            .layer("bench")
            .definedBy("dev.residual.bench")
            .layer("report")
            .definedBy("dev.residual.report")
            .layer("predict")
            .definedBy("dev.residual.predict")
            .layer("train")
            .definedBy("dev.residual.train")
            .layer("run")
            .definedBy("dev.residual.run")
            .layer("weights")
            .definedBy("dev.residual.weights")
            .layer("model")
            .definedBy("dev.residual.model")
            .layer("data")
            .definedBy("dev.residual.data")
            .layer("tensor")
            .definedBy("dev.residual.tensor")
            .whereLayer("cli")
            .mayNotBeAccessedByAnyLayer()
            .whereLayer("bench")
            .mayOnlyBeAccessedByLayers("cli")
            .whereLayer("report")
            .mayOnlyBeAccessedByLayers("cli")
            .whereLayer("predict")
            .mayOnlyBeAccessedByLayers("cli", "bench", "report")
            .whereLayer("train")
            .mayOnlyBeAccessedByLayers("cli", "bench", "report", "predict")
            .whereLayer("run")
            .mayOnlyBeAccessedByLayers("cli", "bench", "report", "predict", "train")
            .whereLayer("weights")
            .mayOnlyBeAccessedByLayers("cli", "bench", "report", "predict", "train", "run")
            .whereLayer("model")
            .mayOnlyBeAccessedByLayers("cli", "bench", "report", "predict", "train", "run", "weights")
            .whereLayer("data")
            .mayOnlyBeAccessedByLayers("cli", "bench", "report", "predict", "train", "run", "weights")
            .whereLayer("tensor")
            .mayOnlyBeAccessedByLayers("cli", "bench", "report", "predict", "train", "run", "weights", "model", "data");
}
