package dev.residual.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.residual.tensor.Device;
import dev.residual.tensor.Engine;
import dev.residual.tensor.Precision;
import dev.residual.tensor.Scope;
import dev.residual.tensor.Tensors;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The way back that the layers describe, against libtorch's autograd over the same way forward. */
class GradientsTest {
    @AfterEach
    void oneThread() {
        Engine.start(1);
    }

    /** @param tolerance of the difference's length, as a share of the gradient's own */
    @ParameterizedTest
    @CsvSource({"1, FP32, 1e-5", "2, FP32, 1e-5", "3, FP32, 1e-5", "1, BF16, 2e-2", "2, BF16, 2e-2"})
    void gradientsAgreeWithAutograd(int threads, Precision precision, double tolerance) {
        Engine.start(threads);
        ResNet network = ResNet.of(Architecture.of("resnet14"));
        try (Scope scope = Scope.open();
                State state = Initialization.he(network, 5, Device.CPU);
                State other = Initialization.he(network, 5, Device.CPU);
                Gradients gradients = new Gradients(state)) {
            torch.manual_seed(1);
            Tensor images = Tensors.channelsLast(torch.randn(16, 3, 32, 32)).to(precision.type());
            Tensor direction = torch.randn(16, 10).div_(new Scalar(16));
            for (int step = 0; step < 2; step++) { // the memory of the first is used again
                Pass pass = Pass.training(state, gradients);
                network.forward(images, pass);
                network.backward(direction, pass);
            }

            other.tensors().forEach((p, tensor) -> tensor.set_requires_grad(p.trained()));
            network.forward(images, new Pass(other, Pass.Mode.TRAINING))
                    .mul(direction)
                    .sum()
                    .backward();

            for (Parameter p : network.parameters()) {
                if (p.trained()) {
                    Tensor expected = other.get(p.name()).grad();
                    Tensor difference = gradients.get(p.name()).sub(expected);
                    double share =
                            difference.norm().item_double() / expected.norm().item_double();
                    assertThat(share).as(p.name()).isLessThan(tolerance);
                }
            }
        }
    }

    /** Other processes may come and go: a step takes another number of threads then, and gives the same bytes. */
    @ParameterizedTest
    @CsvSource({
        "resnet14, 2, FP32, 16",
        "resnet14, 2, BF16, 100",
        "resnet14, 4, BF16, 128",
        "resnet14, 3, FP32, 128",
        "article32, 2, FP32, 128",
        "article32, 2, BF16, 100",
        "article32, 4, FP32, 16"
    })
    void busyCoresDoNotShowInTheBytes(String architecture, int threads, Precision precision, int batch) {
        Engine.start(threads);
        ResNet network = ResNet.of(Architecture.of(architecture));
        Map<String, float[]> quiet = new LinkedHashMap<>();
        torch.manual_seed(1);
        try (Scope scope = Scope.noGrad()) {
            Tensor images = Tensors.channelsLast(torch.randn(batch, 3, 32, 32)).to(precision.type());
            Tensor direction = torch.randn(batch, 10);
            for (int busy = 0; busy <= threads + 1; busy++) {
                int cores = busy;
                try (State state = Initialization.he(network, 5, Device.CPU);
                        Gradients gradients = new Gradients(state, () -> cores)) {
                    Pass pass = Pass.training(state, gradients);
                    Map<String, float[]> now = new LinkedHashMap<>();
                    now.put("logits", Tensors.floats(network.forward(images, pass)));
                    network.backward(direction, pass);
                    for (Parameter p : network.parameters()) {
                        if (p.trained()) {
                            now.put(p.name(), Tensors.floats(gradients.get(p.name())));
                        }
                    }
                    now.forEach(quiet::putIfAbsent);
                    assertThat(now.keySet())
                            .filteredOn(name -> !Arrays.equals(now.get(name), quiet.get(name)))
                            .as("what differs with %d busy cores", cores)
                            .isEmpty();
                }
            }
        }
    }

    /** What a run's bytes rest on. */
    @ParameterizedTest
    @CsvSource({"1, FP32", "2, FP32", "2, BF16", "4, FP32", "5, BF16"})
    void theSameStepGivesTheSameBytes(int threads, Precision precision) {
        Engine.start(threads);
        ResNet network = ResNet.of(Architecture.of("resnet14"));
        float[] first = null;
        try (Scope scope = Scope.noGrad();
                State state = Initialization.he(network, 5, Device.CPU);
                Gradients gradients = new Gradients(state)) {
            torch.manual_seed(1);
            Tensor images = Tensors.channelsLast(torch.randn(32, 3, 32, 32)).to(precision.type());
            Tensor direction = torch.randn(32, 10);
            for (int i = 0; i < 10; i++) {
                Pass pass = Pass.training(state, gradients);
                network.forward(images, pass);
                network.backward(direction, pass);
                float[] now = Tensors.floats(gradients.get("layer1.0.conv1.weight"));
                first = first == null ? now : first;
                assertThat(now).isEqualTo(first);
            }
        }
    }
}
