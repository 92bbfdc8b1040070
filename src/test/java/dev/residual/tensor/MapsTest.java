package dev.residual.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.bytedeco.javacpp.BoolPointer;
import org.bytedeco.pytorch.LongArrayRefOptional;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What is done in the memory of oneDNN's tensors, against the same on plain ones, for all layouts in all combinations. */
class MapsTest {
    private static final int CHANNELS = 32;

    @BeforeEach
    void start() {
        Engine.start(2);
        torch.manual_seed(3);
    }

    /** The same values as libtorch lays them out, as {@code to_mkldnn} does (N×C×H×W), and as a convolution does. */
    private static List<Tensor> forms(Tensor plain) {
        try (Scope scope = Scope.noGrad()) {
            Tensor one = Maps.ofOneDnn(plain);
            Assumptions.assumeTrue(one.is_mkldnn(), "oneDNN's form is not to be had here");
            Tensor identity = torch.eye(plain.size(1)).view(plain.size(1), plain.size(1), 1, 1);
            long[] ones = {1, 1};
            long[] zeros = {0, 0};
            Tensor laidOut = torch.mkldnn_convolution(one, identity, new TensorOptional(), zeros, ones, ones, 1);
            return List.of(scope.keep(Tensors.channelsLast(plain.clone())), scope.keep(one), scope.keep(laidOut));
        }
    }

    private static Tensor random(Precision precision, int channels, int size) {
        return Tensors.channelsLast(torch.randn(3, channels, size, size)).to(precision.type());
    }

    /** To the bit, but for the sign of zeros. */
    private static void assertSame(Tensor actual, Tensor expected) {
        Tensor plain = Maps.plain(actual);
        assertThat(plain.shape()).isEqualTo(expected.shape());
        assertThat(torch.equal(plain, expected)).isTrue();
    }

    @ParameterizedTest
    @EnumSource(Precision.class)
    void addsWhateverTheLayouts(Precision precision) {
        try (Scope scope = Scope.noGrad()) {
            Tensor a = random(precision, CHANNELS, 6);
            Tensor b = random(precision, CHANNELS, 6);
            for (int i = 0; i < 3; i++) {
                for (int j = 0; j < 3; j++) {
                    assertSame(Maps.add(forms(a).get(i), forms(b).get(j)), a.add(b));
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Precision.class)
    void masksWhateverTheLayouts(Precision precision) {
        try (Scope scope = Scope.noGrad()) {
            Tensor a = random(precision, CHANNELS, 6);
            Tensor y = random(precision, CHANNELS, 6).relu();
            Tensor expected = torch.threshold_backward(a, y, new Scalar(0));
            for (int i = 0; i < 3; i++) {
                assertSame(Maps.maskByPositive(forms(a).get(i), forms(y).get(i)), expected);
            }
            assertSame(Maps.maskByPositive(forms(a).get(1), forms(y).get(2)), expected);
            assertSame(Maps.maskByPositive(forms(a).get(2), forms(y).get(1)), expected);
        }
    }

    /** A gradient comes from another operation than what it belongs to, and lies in memory as that does. */
    @ParameterizedTest
    @EnumSource(Precision.class)
    void masksAConvolutionsGradientInPlace(Precision precision) {
        long[] ones = {1, 1};
        long[] zeros = {0, 0};
        try (Scope scope = Scope.noGrad()) {
            Tensor x = forms(random(precision, CHANNELS, 6)).get(2);
            Tensor filters = torch.randn(CHANNELS, CHANNELS, 3, 3).to(precision.type());
            Tensor y = torch.mkldnn_convolution(x, filters, new TensorOptional(), ones, ones, ones, 1);
            BoolPointer ofInput = new BoolPointer(3).put(0, true).put(1, false).put(2, false);
            LongArrayRefOptional noBias = new LongArrayRefOptional();
            Tensor gradient = torch.convolution_backward(
                            y, y, filters, noBias, ones, ones, ones, false, zeros, 1, ofInput)
                    .get0();
            assertThat(Maps.maskByPositive(gradient, y)).isSameAs(gradient);
        }
    }

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
            for (int i = 0; i < 3; i++) {
                for (int j = 0; j < 3; j++) {
                    Tensor sum = forms(wide).get(i);
                    Maps.add(Maps.blocks(sum), 20, Maps.everySecondPixel(Maps.blocks(forms(x).get(j))), 0, CHANNELS);
                    assertSame(sum, expected);
                }
            }
            forms(x).forEach(form -> assertSame(Maps.plainOf(Maps.everySecondPixel(Maps.blocks(form))), small));
        }
    }

    @ParameterizedTest
    @EnumSource(Precision.class)
    void reluIsInPlace(Precision precision) {
        try (Scope scope = Scope.noGrad()) {
            Tensor x = random(precision, CHANNELS, 6);
            forms(x).forEach(form -> {
                Maps.relu(form);
                assertSame(form, x.relu());
            });
        }
    }

    @Test
    void wholeNumbersOfBfloat16sBitsKeepWhatIsPositiveAndNothingElse() {
        float[] values = {-0f, 0f, 1e-40f, -1e-40f, 3e38f, -3e38f, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY};
        try (Scope scope = Scope.noGrad()) {
            Tensor x = Tensors.of(values, 1, values.length, 1, 1).to(ScalarType.BFloat16);
            Tensor expected = x.relu();
            Maps.relu(x);
            assertSame(x, expected);
        }
    }

    /** oneDNN's tensors have no gradients, so autograd must find plain ones. */
    @Test
    void staysPlainWhereAutogradIsOn() {
        try (Scope scope = Scope.open()) {
            assertThat(Maps.ofOneDnn(torch.randn(2, 3, 8, 8)).is_mkldnn()).isFalse();
        }
    }
}
