package dev.residual.model;

import dev.residual.tensor.Scope;
import dev.residual.tensor.Script;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;
import org.bytedeco.pytorch.MemoryFormatOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * One minibatch's way through a network, and back where it is trained on: what the layers need to know meanwhile, and
 * what they remember for the way back. It is made within a {@link Scope}, and not used after that.
 */
public final class Pass {
    /** By which mean and variance BN normalises. */
    public enum Mode {
        /** By the batch's own, which also flow into the running statistics. */
        TRAINING,
        /** By the running statistics: an image's result does not depend on the others in its batch. */
        EVALUATION,
        /** By the batch's own, but the running statistics stay: what a network that is never put into evaluation mode shows. */
        BATCH_STATISTICS,
        /** Not at all: BN is part of the convolutions already, see {@link FoldedState}. */
        FOLDED
    }

    private final State state;
    private final Mode mode;
    private final Gradients gradients;
    private final Scope home = Scope.current();
    private final Map<String, Tensor> saved = new HashMap<>();
    private final Map<String, Tensor> cast = new HashMap<>();

    private Pass(State state, Mode mode, Gradients gradients) {
        this.state = state;
        this.mode = mode;
        this.gradients = gradients;
    }

    /** Forward only. */
    public Pass(State state, Mode mode) {
        this(state, mode, null);
    }

    /**
     * Forward and back.
     *
     * @param gradients receives those of the state's trained numbers
     */
    public static Pass training(State state, Gradients gradients) {
        return new Pass(state, Mode.TRAINING, gradients);
    }

    Mode mode() {
        return mode;
    }

    Tensor parameter(String name) {
        return state.get(name);
    }

    /** The same in the precision that a layer computes in. */
    Tensor parameter(String name, ScalarType precision) {
        return cast.computeIfAbsent(name, n -> share(state.get(n).to(precision)));
    }

    /** In a folded network: its script for such images, written down once and kept, if there is one. */
    Optional<Script> script(Tensor images, Function<State, Script> writing) {
        return mode == Mode.FOLDED ? Script.kind(images).map(kind -> state.script(kind, writing)) : Optional.empty();
    }

    Gradients gradients() {
        return gradients;
    }

    /** Uninitialised memory for maps. */
    Tensor newMaps(ScalarType type, long... shape) {
        return gradients == null
                ? torch.empty(shape, new TensorOptions(type), new MemoryFormatOptional())
                : gradients.pool().take(type.intern(), shape);
    }

    /** The way through a whole network begins. */
    void begin() {
        if (gradients != null) {
            gradients.threads().begin();
        }
    }

    /** Computes something whose bits depend on the number of threads. */
    <T> T exactly(Supplier<T> operation) {
        return gradients == null ? operation.get() : gradients.threads().exactly(operation);
    }

    /** Another handle on a tensor, which lives until it is closed, and no longer than the scope that the pass was made in. */
    Tensor share(Tensor tensor) {
        return home.share(tensor);
    }

    /** Remembers a tensor for the way back, if there is one. It must stay as it is until the way back is done. */
    void save(String name, Tensor tensor) {
        if (gradients != null) {
            saved.put(name, share(tensor));
        }
    }

    /** What was saved, and is forgotten now: it lives as long as the scope that the caller is in. */
    Tensor saved(String name) {
        Tensor tensor = saved.remove(name);
        if (tensor == null) {
            throw new IllegalStateException("nothing was saved of " + name + " on the way forward");
        }
        Tensor last = Scope.current().share(tensor);
        tensor.close();
        return last;
    }
}
