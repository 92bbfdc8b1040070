package dev.residual.model;

import dev.residual.tensor.Maps;
import dev.residual.tensor.ScriptWriter;
import dev.residual.tensor.Tensors;
import java.util.List;
import java.util.Optional;
import org.bytedeco.pytorch.Tensor;

/** The way around a pair of layers: what is added to their output. */
public sealed interface Shortcut {
    /**
     * Adds what came around to what came through.
     *
     * @param f what the block's layers made of its input; may be overwritten
     * @param x the block's input
     */
    Tensor addTo(Tensor f, Tensor x, Pass pass);

    /**
     * Writes down, for a folded network, what comes around, where something does: of the size of what comes through. May
     * be the input itself, and may be overwritten.
     */
    Optional<ScriptWriter.Result> write(ScriptWriter.Result x, ScriptWriter writer, State folded);

    /**
     * The way back: adds to the gradient that came through the block's layers what comes around them.
     *
     * @param through the gradient of the block's input, from its layers; may be overwritten
     * @param sum the gradient of what {@link #addTo} gave; left as it is
     */
    Tensor addGradient(Tensor through, Tensor sum, Pass pass);

    /** Tells the visitor of the shortcut's own layers, if it has any. */
    void trace(Shape input, Module.Visitor visitor);

    /** No way around: the plain network's block. */
    record None() implements Shortcut {
        @Override
        public Tensor addTo(Tensor f, Tensor x, Pass pass) {
            return f;
        }

        @Override
        public Optional<ScriptWriter.Result> write(ScriptWriter.Result x, ScriptWriter writer, State folded) {
            return Optional.empty();
        }

        @Override
        public Tensor addGradient(Tensor through, Tensor sum, Pass pass) {
            return through;
        }

        @Override
        public void trace(Shape input, Module.Visitor visitor) {}
    }

    /** Adds the block's input as it is. */
    record Identity() implements Shortcut {
        @Override
        public Tensor addTo(Tensor f, Tensor x, Pass pass) {
            return f.add_(x);
        }

        @Override
        public Optional<ScriptWriter.Result> write(ScriptWriter.Result x, ScriptWriter writer, State folded) {
            return Optional.of(x);
        }

        @Override
        public Tensor addGradient(Tensor through, Tensor sum, Pass pass) {
            return through.add_(sum);
        }

        @Override
        public void trace(Shape input, Module.Visitor visitor) {}
    }

    /**
     * Option A where the size changes: every second pixel of every second row, and zeros for the new channels; no
     * parameters. The paper does not say where the zeros go; half of them before and half behind is what the most used
     * public implementation does, and so its weights fit.
     */
    record Subsample(String name, int in, int out) implements Shortcut {
        @Override
        public Tensor addTo(Tensor f, Tensor x, Pass pass) {
            // Adding the zeros would change nothing.
            Maps.add(Maps.blocks(f), zerosBefore(), Maps.everySecondPixel(Maps.blocks(x)), 0, in);
            return f;
        }

        @Override
        public Optional<ScriptWriter.Result> write(ScriptWriter.Result x, ScriptWriter writer, State folded) {
            return Optional.of(writer.addZeros(writer.everySecondPixel(x), zerosBefore(), out - in - zerosBefore()));
        }

        @Override
        public Tensor addGradient(Tensor through, Tensor sum, Pass pass) {
            Maps.add(Maps.everySecondPixel(Maps.blocks(through)), 0, Maps.blocks(sum), zerosBefore(), in);
            return through;
        }

        /** Channels of zeros before the input's; the others come behind. */
        public int zerosBefore() {
            return (out - in) / 2;
        }

        @Override
        public void trace(Shape input, Module.Visitor visitor) {
            Shape small = halved(input);
            Shape output = new Shape(out, small.height(), small.width());
            visitor.layer(name, "subsample, zero-pad", output, List.of(), 0);
        }
    }

    /**
     * Options B and C: a 1×1 convolution, with the block's stride, then BN.
     *
     * <p>A 1×1 filter with stride 2 sees every second pixel only, so these are taken first, and the convolution itself
     * has stride 1: oneDNN's 1×1 convolution with a stride writes beyond its workspace in the backward pass, in
     * channels-last memory with fewer than 16 channels (oneDNN issue 6035), and the process dies.
     *
     * @param halve whether the block's stride is 2
     */
    record Projection(boolean halve, Conv2d conv, BatchNorm2d bn) implements Shortcut {
        static Projection of(String name, int in, int out, int stride, boolean bias) {
            return new Projection(
                    stride == 2,
                    new Conv2d(name + ".0", in, out, 1, 1, 0, bias),
                    new BatchNorm2d(name + ".1", out, false));
        }

        @Override
        public Tensor addTo(Tensor f, Tensor x, Pass pass) {
            Tensor small = halve ? everySecondPixel(x, pass) : x;
            return f.add_(bn.forward(conv.forward(small, pass), pass));
        }

        @Override
        public Optional<ScriptWriter.Result> write(ScriptWriter.Result x, ScriptWriter writer, State folded) {
            return Optional.of(conv.write(halve ? writer.everySecondPixel(x) : x, writer, folded));
        }

        @Override
        public Tensor addGradient(Tensor through, Tensor sum, Pass pass) {
            Tensor small = conv.backward(bn.backward(sum, pass), pass);
            if (!halve) {
                return through.add_(small);
            }
            Maps.add(Maps.everySecondPixel(Maps.blocks(through)), 0, Maps.blocks(small), 0, conv.in());
            return through;
        }

        @Override
        public void trace(Shape input, Module.Visitor visitor) {
            bn.trace(conv.trace(halve ? halved(input) : input, visitor), visitor);
        }
    }

    /** In the form that x has. */
    private static Tensor everySecondPixel(Tensor x, Pass pass) {
        Tensor blocks = Maps.everySecondPixel(Maps.blocks(x));
        return Maps.isBlocked(x)
                ? pass.newMaps(x.scalar_type(), blocks.shape()).copy_(blocks)
                : Tensors.channelsLast(Maps.plainOf(blocks));
    }

    private static Shape halved(Shape shape) {
        return new Shape(shape.channels(), (shape.height() + 1) / 2, (shape.width() + 1) / 2);
    }
}
