package dev.residual.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Maps that are blocked, by blocks of several sizes, against the same that are plain. */
class MapsTest {
    private static final int CHANNELS = 32;
    private static final int[] BLOCKS = {8, 16};

    @BeforeEach
    void start() {
        Engine.start(2);
        torch.manual_seed(3);
    }

    static Tensor blocked(Tensor plain, int block) {
        return plain.unflatten(1, new long[] {-1, block}).permute(0, 1, 3, 4, 2).contiguous();
    }

    private static Tensor random(Precision precision, int channels, int size) {
        return Tensors.channelsLast(torch.randn(3, channels, size, size)).to(precision.type());
    }

    /** To the bit, but for the sign of zeros. */
    private static void assertSame(Tensor blocked, Tensor expected) {
        assertThat(torch.equal(Maps.plainOf(blocked), expected)).isTrue();
    }

    @ParameterizedTest
    @EnumSource(Precision.class)
    void showsPlainMapsAsOneBlock(Precision precision) {
        try (Scope scope = Scope.noGrad()) {
            Tensor maps = random(precision, CHANNELS, 6);
            assertThat(Maps.blocks(maps).shape()).containsExactly(3, 1, 6, 6, CHANNELS);
            assertSame(Maps.blocks(maps), maps);
        }
    }

    @ParameterizedTest
    @EnumSource(Precision.class)
    void masksByWhatIsPositive(Precision precision) {
        try (Scope scope = Scope.noGrad()) {
            Tensor maps = random(precision, CHANNELS, 6);
            Tensor y = random(precision, CHANNELS, 6).relu();
            Tensor expected = torch.threshold_backward(maps, y, new Scalar(0));
            for (int block : BLOCKS) {
                assertSame(Maps.maskByPositive(blocked(maps, block), blocked(y, block)), expected);
            }
            assertSame(Maps.blocks(Maps.maskByPositive(maps, y)), expected);
        }
    }

    /** In the middle of a block, over its border, and of blocks of other sizes. */
    @ParameterizedTest
    @EnumSource(Precision.class)
    void addsSomeChannelsOfEverySecondPixel(Precision precision) {
        try (Scope scope = Scope.noGrad()) {
            Tensor wide = random(precision, 2 * CHANNELS, 4);
            Tensor x = random(precision, CHANNELS, 8);
            Tensor small = x.slice(2, new LongOptional(), new LongOptional(), 2)
                    .slice(3, new LongOptional(), new LongOptional(), 2);
            Tensor expected = wide.clone();
            expected.narrow(1, 20, CHANNELS).add_(small);
            for (Tensor sum : List.of(blocked(wide, 8), blocked(wide, 16), Maps.blocks(wide.clone()))) {
                for (Tensor of : List.of(blocked(x, 8), blocked(x, 16), Maps.blocks(x))) {
                    Tensor copy = sum.clone();
                    Maps.add(copy, 20, Maps.everySecondPixel(of), 0, CHANNELS);
                    assertSame(copy, expected);
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Precision.class)
    void reluIsInPlace(Precision precision) {
        try (Scope scope = Scope.noGrad()) {
            Tensor x = random(precision, CHANNELS, 6);
            Tensor expected = x.relu();
            Tensor blocked = blocked(x, 16);
            assertThat(Maps.relu(blocked)).isSameAs(blocked);
            assertSame(blocked, expected);
            assertSame(Maps.blocks(Maps.relu(x)), expected);
        }
    }

    @Test
    void wholeNumbersOfBfloat16sBitsKeepWhatIsPositiveAndNothingElse() {
        float[] values = {-0f, 0f, 1e-40f, -1e-40f, 3e38f, -3e38f, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY};
        try (Scope scope = Scope.noGrad()) {
            Tensor x = Tensors.of(values, 1, values.length, 1, 1).to(ScalarType.BFloat16);
            Tensor expected = x.relu();
            assertSame(Maps.blocks(Maps.relu(x)), expected);
        }
    }

    /** It knows nothing of what oneDNN does by itself; and widths may not fill the blocks. */
    @Test
    void staysPlainWhereAutogradIsOnAndWhereWidthsDoNotFit() {
        Tensor images = torch.randn(2, 3, 8, 8);
        try (Scope scope = Scope.open()) {
            assertThat(Maps.isBlocked(Maps.blocked(images, List.of(16)))).isFalse();
        }
        try (Scope scope = Scope.noGrad()) {
            assertThat(Maps.isBlocked(Maps.blocked(images, List.of(16, 20)))).isFalse();
            Assumptions.assumeTrue(System.getProperty("os.arch").equals("amd64"), "others may lack the kernels");
            assertThat(Maps.isBlocked(Maps.blocked(images, List.of(16, 32)))).isTrue();
        }
    }
}
