package dev.residual.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import dev.residual.Json;
import dev.residual.ResidualException;
import dev.residual.graph.Summary;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ArchitectureTest {
    private static Summary summary(Architecture a) {
        return Summary.of(a.graph());
    }

    /** Those of resnet18 and resnet34 are what kuangliu's public CIFAR versions have. */
    @ParameterizedTest
    @CsvSource({
        "resnet20, 269722",
        "resnet56, 853018",
        "article32, 498666",
        "resnet18, 11173962",
        "resnet34, 21282122",
        "wrn-28-10, 36479194",
        "wrn-40-4, 8949210",
        "resnet164, 1703258"
    })
    void parametersAreThoseOfTheLiterature(String name, long parameters) {
        assertThat(summary(Architecture.of(name)).parameters()).isEqualTo(parameters);
        assertThat(Architecture.of(name).name()).isEqualTo(name);
    }

    /** The last BN of a block that is never called counts all the same. */
    @Test
    void whereActivationsStandChangesNoParameters() {
        for (Activation activation : Activation.values()) {
            Architecture a = Architecture.of("article32").withActivation(activation);
            assertThat(summary(a).parameters())
                    .isEqualTo(activation == Activation.PRE_ACTIVATION ? 498_666 - 2 * 16 + 2 * 64 : 498_666);
            assertThat(a.depth()).isEqualTo(32);
        }
    }

    @Test
    void wideNetworksAreOfSixNPlusFourLayers() {
        assertThatThrownBy(() -> Architecture.of("wrn-27-10"))
                .isInstanceOf(ResidualException.class)
                .hasMessageContaining("6n+4");
    }

    @Test
    void namesSayWhatDiffers() {
        Architecture resnet20 = Architecture.of("resnet20");
        assertThat(resnet20.withShortcut(Shortcut.NONE).name()).isEqualTo("plain20");
        assertThat(resnet20.withShortcut(Shortcut.B).withConvBias(true).name()).isEqualTo("resnet20-B-bias");
        assertThat(resnet20.withWidths(List.of(8, 16, 32)).name()).isEqualTo("resnet20-w8x16x32");
        assertThat(resnet20.withActivation(Activation.BN_AFTER_ADDITION).name())
                .isEqualTo("resnet20-bn-after-addition");
        assertThat(resnet20.withLayers(Variants.layers("1x16", "3x16", "1x64")).name())
                .isEqualTo("resnet20-block1x16-3x16-1x64");
        assertThat(Architecture.of("article44").withConvBias(false).name()).isEqualTo("article44-nobias");
        assertThat(Architecture.of("resnet18")
                        .withWidths(List.of(16, 32, 64, 128))
                        .name())
                .isEqualTo("resnet18-w16x32x64x128");
        assertThat(Architecture.of("wrn-16-4").withConvBias(true).name()).isEqualTo("wrn-16-4-bias");
        assertThat(Architecture.of("resnet164").withWidths(List.of(8, 16, 32)).name())
                .isEqualTo("resnet164-w8x16x32");
    }

    /** As of an imported ResNet-10: no name has its stages. */
    @Test
    void networksOfAnyNumberOfStagesHaveNames() {
        for (List<Integer> blocks : List.of(List.of(2), List.of(1, 1, 1, 1), List.of(2, 2, 2, 2, 2))) {
            List<Integer> widths = blocks.stream().map(n -> 16).toList();
            Architecture known = Architecture.of("resnet20");
            Architecture a = new Architecture(
                    known.image(),
                    new Stages(16, blocks, widths),
                    known.block(),
                    Shortcut.B,
                    known.convBias(),
                    known.survival(),
                    known.classes());
            assertThat(a.name()).contains("-B-n" + blocks.get(0));
        }
    }

    @Test
    void layersGrowAsTheStagesDo() {
        Architecture a = Architecture.of("resnet20").withLayers(Variants.layers("3x8", "5x24"));
        assertThat(a.stages().channels()).containsExactly(8, 16, 32);
        assertThat(summary(a).layers())
                .filteredOn(layer -> layer.name().matches("layer3.2.conv."))
                .extracting(Summary.Layer::kind, layer -> layer.output().toString())
                .containsExactly(tuple("conv 3×3", "32×8×8"), tuple("conv 5×5", "96×8×8"));
    }

    /** A bottleneck's 3×3 convolution makes the maps smaller, as in torchvision. */
    @Test
    void theFirstLayerLargerThanAPixelHasTheStride() {
        Architecture a = Architecture.of("resnet20").withLayers(Variants.layers("1x16", "3x16", "1x64"));
        assertThat(summary(a).layers())
                .filteredOn(layer -> layer.name().matches("layer2.0.conv."))
                .extracting(layer -> layer.output().toString())
                .containsExactly("32×32×32", "32×16×16", "128×16×16");
    }

    @Test
    void everyVariantIsItselfAgainFromJson() {
        for (Architecture a : Variants.all()) {
            assertThat(Json.read(Json.compact(a), Architecture.class, "test")).isEqualTo(a);
        }
    }

    @Test
    void whatCannotBeIsRefused() {
        Architecture resnet20 = Architecture.of("resnet20");
        assertThatThrownBy(() -> resnet20.withWidths(List.of(16, 32)))
                .isInstanceOf(ResidualException.class)
                .hasMessageContaining("expected 3 numbers");
        assertThatThrownBy(() -> resnet20.withWidths(List.of(16, 8, 32))).hasMessageContaining("cannot get fewer");
        assertThatThrownBy(() -> resnet20.withLayers(Variants.layers("2x16", "3x16")))
                .hasMessageContaining("kernel 2: expected 1, 3, 5 or 7");
        assertThatThrownBy(() -> Variants.layers("3by16")).hasMessageContaining("such as 3x16");
        assertThatThrownBy(() -> resnet20.withLayers(List.of())).hasMessageContaining("block of 0 layers");
        assertThatThrownBy(() -> Architecture.of("article20").withLayers(Variants.layers("3x16", "3x64")))
                .hasMessageContaining("identities");
        assertThatThrownBy(() -> resnet20.withClasses(1)).hasMessageContaining("1 classes");
    }
}
