package dev.residual.tensor;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.stream.Stream;
import org.bytedeco.pytorch.GraphExecutor;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.IValueVector;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * A network that is only read, written down once for libtorch's interpreter (TorchScript), which plays it in one call as
 * often as one likes: for a single image, the ways from Java to each of some fifty operations take a ninth of the time.
 * Any number of threads may play it at once.
 */
public final class Script implements AutoCloseable {
    private final long[] size;
    private final GraphExecutor executor;
    private final List<IValue> constants;

    private Script(long[] size, GraphExecutor executor, List<IValue> constants) {
        this.size = size;
        this.executor = executor;
        this.constants = constants;
    }

    /** What all images have in common that a script may be given; nothing where there is none for such images. */
    public static Optional<String> kind(Tensor images) {
        ScalarType type = images.scalar_type().intern();
        if (images.is_cuda() || !MkldnnConvolution.isFor(type)) {
            return Optional.empty();
        }
        long[] size = images.shape();
        return Optional.of(type
                + (XnnpackConvolution.isFor(images) ? ", one of " : ", ")
                + Arrays.toString(Arrays.copyOfRange(size, 1, size.length)));
    }

    /**
     * @param images as they will come, N×C×H×W, channels-last; another N of the same {@link #kind} is as good
     * @param network writes down its operations, from the images on to what it gives
     * @return the caller closes it
     */
    public static Script of(Tensor images, BiFunction<ScriptWriter.Result, ScriptWriter, ScriptWriter.Result> network) {
        try (Scope scope = Scope.noGrad()) {
            ScriptWriter writer = new ScriptWriter(images);
            GraphExecutor executor = scope.keep(writer.finish(network.apply(writer.input(), writer)));
            List<IValue> constants =
                    writer.constants().stream().map(scope::keep).toList();
            return new Script(images.shape(), executor, constants);
        }
    }

    /**
     * @param images of this script's {@link #kind}, channels-last
     * @return what the network gives
     */
    public Tensor play(Tensor images) {
        long[] given = images.shape();
        if (!Arrays.equals(given, 1, given.length, size, 1, size.length)) {
            throw new IllegalArgumentException(
                    "images of " + Arrays.toString(given) + " for a script of " + Arrays.toString(size));
        }
        IValueVector stack = new IValueVector(
                Stream.concat(Stream.of(new IValue(images)), constants.stream()).toArray(IValue[]::new));
        executor.run(stack);
        return stack.get(0).toTensor();
    }

    @Override
    public void close() {
        executor.close();
        constants.forEach(IValue::close);
    }
}
