package dev.residual.nn;

import dev.residual.ResidualException;
import dev.residual.graph.Graph;
import dev.residual.graph.GraphBuilder;
import dev.residual.graph.GraphBuilder.Value;
import dev.residual.graph.Shape;
import dev.residual.nn.Activation.Branch;
import dev.residual.nn.Block.Layer;
import java.util.List;

/**
 * A network architecture: everything that defines its layers, and nothing about how it is trained.
 *
 * @param image what goes in; CIFAR's are 3×32×32
 * @param block what the stages consist of
 * @param shortcut what goes around each block
 * @param convBias whether convolutions have biases; the paper's have none, since BN follows them
 * @param survival stochastic depth (Huang et al. 2016): survival probability of the last block; those of the others
 *     fall linearly from 1 to it; 1 for the paper's networks, which drop none
 * @param classes outputs of the last layer
 */
public record Architecture(
        Shape image, Stages stages, Block block, Shortcut shortcut, boolean convBias, double survival, int classes) {
    /** Weighted layers, against typing errors and hostile files; the deepest net of the paper has 1202. */
    static final int MAX_DEPTH = 2_000;

    static final int MAX_CLASSES = 10_000;

    /** Height and width of the images; for larger ones these networks have too few stages to be of use. */
    static final int MAX_IMAGE = 512;

    /** The images of CIFAR. */
    public static final Shape CIFAR = new Shape(3, 32, 32);

    public Architecture {
        ResidualException.require(
                image.channels() == 3 && isSize(image.height()) && isSize(image.width()),
                "images of " + image + ": expected three channels, and from 8 to " + MAX_IMAGE + " pixels each way");
        int depth = depth(stages, block);
        ResidualException.require(
                depth <= MAX_DEPTH, "depth " + depth + ": expected at most " + MAX_DEPTH + " weighted layers");
        ResidualException.require(
                block.layers().get(0).channels() == stages.channels().get(0),
                "block " + block + ": its first layer has not the "
                        + stages.channels().get(0) + " channels of the first stage");
        ResidualException.require(
                classes >= 2 && classes <= MAX_CLASSES, classes + " classes: expected from 2 to " + MAX_CLASSES);
        ResidualException.require(
                survival > 0 && survival <= 1, "stochastic depth " + survival + ": expected above 0 and at most 1");
        ResidualException.require(
                survival == 1 || shortcut != Shortcut.NONE,
                "stochastic depth: without shortcuts nothing can be left out");
        int before = stages.stem();
        for (int stage = 0; stage < stages.count(); stage++) {
            int channels = channels(stages, block, stage);
            ResidualException.require(
                    channels <= Stages.MAX_CHANNELS,
                    "block " + block + ": " + channels + " channels in stage " + (stage + 1) + ", expected at most "
                            + Stages.MAX_CHANNELS);
            ResidualException.require(
                    shortcut != Shortcut.A || channels >= before,
                    "widths " + stages.channels() + ": shortcut A pads channels, so they cannot get fewer");
            ResidualException.require(
                    shortcut != Shortcut.ARTICLE || stage > 0 || channels == before,
                    "block " + block + ": the article's shortcuts are identities, so the first stage has to have the "
                            + before + " channels of the first convolution");
            before = channels;
        }
    }

    private static boolean isSize(int pixels) {
        return pixels >= 8 && pixels <= MAX_IMAGE;
    }

    /**
     * The network of that name, for CIFAR-10.
     *
     * @param name see {@link Names#KNOWN}
     */
    public static Architecture of(String name) {
        return Names.architecture(name);
    }

    public Architecture withImage(Shape other) {
        return new Architecture(other, stages, block, shortcut, convBias, survival, classes);
    }

    /** @param other channels of the first layer of a block, in each stage; the block's other layers grow in proportion */
    public Architecture withWidths(List<Integer> other) {
        Stages wider = stages.withChannels(other);
        List<Layer> layers = block.scaled(other.get(0), stages.channels().get(0));
        return new Architecture(
                image, wider, new Block(layers, block.activation()), shortcut, convBias, survival, classes);
    }

    /** @param layers of a block in the first stage; the channels of the later stages grow in proportion */
    public Architecture withLayers(List<Layer> layers) {
        Block other = new Block(layers, block.activation());
        List<Integer> channels = stages.channels();
        List<Integer> scaled = channels.stream()
                .map(c -> other.scaled(c, channels.get(0)).get(0).channels())
                .toList();
        Stages same = new Stages(stages.stem(), stages.blocks(), scaled);
        return new Architecture(image, same, other, shortcut, convBias, survival, classes);
    }

    public Architecture withActivation(Activation other) {
        return new Architecture(image, stages, block.withActivation(other), shortcut, convBias, survival, classes);
    }

    public Architecture withShortcut(Shortcut other) {
        return new Architecture(image, stages, block, other, convBias, survival, classes);
    }

    public Architecture withConvBias(boolean biased) {
        return new Architecture(image, stages, block, shortcut, biased, survival, classes);
    }

    public Architecture withSurvival(double other) {
        return new Architecture(image, stages, block, shortcut, convBias, other, classes);
    }

    public Architecture withClasses(int count) {
        return new Architecture(image, stages, block, shortcut, convBias, survival, count);
    }

    /** Weighted layers from the images to the logits, which networks are named after: 6n+2 in the paper. */
    public int depth() {
        return depth(stages, block);
    }

    private static int depth(Stages stages, Block block) {
        return 2
                + block.layers().size()
                        * stages.blocks().stream().mapToInt(n -> n).sum();
    }

    /** The layers of a block in a stage, from 0. */
    private static List<Layer> layers(Stages stages, Block block, int stage) {
        return block.scaled(stages.channels().get(stage), stages.channels().get(0));
    }

    /** The channels of a stage's output. */
    private static int channels(Stages stages, Block block, int stage) {
        List<Layer> layers = layers(stages, block, stage);
        return layers.get(layers.size() - 1).channels();
    }

    /**
     * The paper's section 4.2: "The first layer is 3×3 convolutions. Then we use a stack of 6n layers with 3×3
     * convolutions on the feature maps of sizes {32, 16, 8} respectively, with 2n layers for each feature map size. The
     * numbers of filters are {16, 32, 64} respectively. The subsampling is performed by convolutions with a stride of 2.
     * The network ends with a global average pooling, a 10-way fully-connected layer, and softmax." (The softmax is in the
     * loss.)
     */
    public Graph graph() {
        GraphBuilder builder = new GraphBuilder(convBias);
        Activation activation = block.activation();
        Value images = builder.images(image);
        Value x = activation.stem(images.convolution("conv1", 3, stages.stem(), 1));
        for (int i = 0; i < stages.count(); i++) {
            int stage = i;
            Value before = x;
            x = builder.in("layer" + (stage + 1), () -> stage(builder, before, stage));
        }
        return builder.build(activation.head(x).globalAveragePool().linear("fc", classes));
    }

    private Value stage(GraphBuilder builder, Value before, int stage) {
        List<Layer> layers = layers(stages, block, stage);
        boolean halves = stage > 0;
        boolean pool = halves && shortcut == Shortcut.ARTICLE;
        Value x = pool ? before.convolution("pool", 2, channels(stages, block, stage), 2) : before;
        for (int i = 0; i < stages.blocks().get(stage); i++) {
            Value input = x;
            int stride = halves && !pool && i == 0 ? 2 : 1;
            Branch branch = new Branch(layers, stride, shortcut, survival(stage, i), stage == 0 && i == 0);
            x = builder.in(Integer.toString(i), () -> block.activation().block(input, branch));
        }
        return x;
    }

    /** Huang et al. 2016, eq. 4: p_l = 1 − l/L (1 − p_L), for the l-th of L blocks. */
    private double survival(int stage, int i) {
        int before = stages.blocks().subList(0, stage).stream().mapToInt(n -> n).sum();
        int all = stages.blocks().stream().mapToInt(n -> n).sum();
        return 1 - (1 - survival) * (before + i + 1) / all;
    }

    /** The name that {@link #of} knows from which this differs least. */
    public String baseName() {
        return Names.base(this);
    }

    /** The {@link #baseName}, followed by what differs from it. */
    public String name() {
        return Names.name(this);
    }
}
