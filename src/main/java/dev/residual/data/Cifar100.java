package dev.residual.data;

import dev.residual.data.Cifar.Label;
import java.net.URI;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * CIFAR-100: 50,000 images of 32×32 pixels for training and 10,000 for testing. Each is in one of a hundred fine classes
 * and in one of twenty coarse ones, which the fine ones belong to.
 */
public final class Cifar100 {
    public static final List<String> CLASSES = List.of(
            ("apple aquarium_fish baby bear beaver bed bee beetle bicycle bottle bowl boy bridge bus butterfly camel can"
                            + " castle caterpillar cattle chair chimpanzee clock cloud cockroach couch crab crocodile cup"
                            + " dinosaur dolphin elephant flatfish forest fox girl hamster house kangaroo keyboard lamp"
                            + " lawn_mower leopard lion lizard lobster man maple_tree motorcycle mountain mouse mushroom"
                            + " oak_tree orange orchid otter palm_tree pear pickup_truck pine_tree plain plate poppy"
                            + " porcupine possum rabbit raccoon ray road rocket rose sea seal shark shrew skunk"
                            + " skyscraper snail snake spider squirrel streetcar sunflower sweet_pepper table tank"
                            + " telephone television tiger tractor train trout tulip turtle wardrobe whale willow_tree"
                            + " wolf woman worm")
                    .split(" "));

    public static final List<String> COARSE_CLASSES =
            List.of(("aquatic_mammals fish flowers food_containers fruit_and_vegetables household_electrical_devices"
                            + " household_furniture insects large_carnivores large_man-made_outdoor_things"
                            + " large_natural_outdoor_scenes large_omnivores_and_herbivores medium_mammals"
                            + " non-insect_invertebrates people reptiles small_mammals trees vehicles_1 vehicles_2")
                    .split(" "));

    /** The archive as its author publishes it; the MD5 is from the page that offers it. */
    public static final Download.Source SOURCE = new Download.Source(
            URI.create("https://www.cs.toronto.edu/~kriz/cifar-100-binary.tar.gz"),
            168_513_733,
            "03b5dce01913d631647c71ecec9e9cb8");

    static final String TRAIN = "train";
    static final String TEST = "test";

    static final Cifar FINE = set(Labels.FINE, SOURCE, 50_000, 10_000);

    static final Cifar COARSE = set(Labels.COARSE, SOURCE, 50_000, 10_000);

    /** Which of an image's two labels is its class. */
    public enum Labels {
        COARSE,
        FINE;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    private Cifar100() {}

    /** With another source and other numbers of records. */
    static Cifar set(Labels labels, Download.Source source, int train, int test) {
        return new Cifar(
                labels == Labels.FINE ? Datasets.CIFAR100 : Datasets.CIFAR100_COARSE,
                "CIFAR-100",
                Pattern.compile("(?i)cifar-?100.*"),
                List.of(
                        new Label(
                                "coarse label",
                                COARSE_CLASSES,
                                "coarse_label_names.txt",
                                "coarse_labels",
                                "coarse_label_names"),
                        new Label("fine label", CLASSES, "fine_label_names.txt", "fine_labels", "fine_label_names")),
                labels.ordinal(), // a record's first byte is the coarse label
                Map.of(TRAIN, train),
                Map.of(TEST, test),
                "meta",
                2,
                "cifar-100-binary",
                "cifar-100-python",
                source);
    }
}
