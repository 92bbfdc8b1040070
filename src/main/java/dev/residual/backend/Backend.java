package dev.residual.backend;

import dev.residual.ResidualException;
import dev.residual.graph.Graph;
import dev.residual.graph.Graph.Node;
import dev.residual.tensor.Device;
import dev.residual.tensor.Precision;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;
import org.bytedeco.pytorch.Tensor;

/**
 * Who computes: the only place that knows a library, how activations lie in memory, and how many threads work on what.
 * The rest of the program passes activations on as opaque tensors. A backend belongs to one training run, or to one
 * network that is used for inference, and is closed with it.
 */
public interface Backend extends AutoCloseable {
    /** The names that {@link #of} knows. */
    List<String> NAMES = List.of("auto", "onednn", "libtorch");

    /** Name, version and instructions, such as {@code oneDNN 3.11.0, avx2}. Other ones round differently. */
    String description();

    /** Whether it replaces oneDNN, which is faster but unavailable; {@link #description} says why. */
    default boolean isFallback() {
        return false;
    }

    Device device();

    /**
     * @param images N×C×H×W float32 or bfloat16, in which the network then computes
     * @return in this backend's layout
     */
    Tensor input(Tensor images);

    /** The kernel of a node; the caller closes it. */
    Kernel kernel(Graph graph, Node node);

    /** The order in which a training step's work is done, and its threads. */
    SideTasks tasks();

    /**
     * A graph made ready for inference on a number of images at once, by one thread.
     *
     * @param graph with {@link dev.residual.graph.Folding} and {@link dev.residual.graph.Fusion} done
     * @param weights gives those of the graph by name
     * @return empty where this backend has nothing better than one kernel after the other
     */
    default Optional<InferencePlan> plan(
            Graph graph, Function<String, Tensor> weights, long images, Precision precision) {
        return Optional.empty();
    }

    @Override
    void close();

    /**
     * @param name {@code onednn}, {@code libtorch}, or {@code auto}: oneDNN on a CPU that it has fast kernels for
     * @throws ResidualException when oneDNN is asked for and cannot be had
     */
    static Backend of(String name, Device device, Precision precision) {
        requireName(name);
        if (name.equals("libtorch") || name.equals("auto") && device != Device.CPU) {
            return new LibtorchBackend(device, "");
        }
        Optional<String> problem = device == Device.CPU
                ? OneDnn.problem(precision)
                : Optional.of("oneDNN computes on the CPU only, not on " + device);
        if (name.equals("onednn") && problem.isPresent()) {
            throw new ResidualException("--backend onednn: " + problem.get());
        }
        return problem.<Backend>map(reason -> new LibtorchBackend(device, reason))
                .orElseGet(OneDnnBackend::new);
    }

    /**
     * The same on every start on a machine, so that the same command gives the same model.
     *
     * @param name {@code fp32}, {@code bf16}, or {@code auto}: bf16 where that is faster
     */
    static Precision precision(String name, Device device) {
        Precision.requireName(name);
        if (name.equals("auto")) {
            return device == Device.CPU && OneDnn.isFasterInBfloat16() ? Precision.BF16 : Precision.FP32;
        }
        return Precision.valueOf(name.toUpperCase(Locale.ROOT));
    }

    /** @throws ResidualException when {@link #of} would not know that name; libtorch need not be there */
    static void requireName(String name) {
        ResidualException.requireOneOf("backend", name, NAMES);
    }
}
