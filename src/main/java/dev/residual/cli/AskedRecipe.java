package dev.residual.cli;

import dev.residual.ResidualException;
import dev.residual.data.Augmentation;
import dev.residual.data.Batches;
import dev.residual.nn.Architecture;
import dev.residual.recipe.Optimizer;
import dev.residual.recipe.Optimizer.Adam;
import dev.residual.recipe.Optimizer.AdamW;
import dev.residual.recipe.Optimizer.Decay;
import dev.residual.recipe.Optimizer.Sgd;
import dev.residual.recipe.Recipe;
import dev.residual.recipe.Recipe.Evaluations;
import dev.residual.recipe.Recipe.Length;
import dev.residual.recipe.Recipe.Regularization;
import dev.residual.recipe.Schedule;
import dev.residual.recipe.Schedule.Cosine;
import dev.residual.recipe.Schedule.OneCycle;
import dev.residual.recipe.Schedule.Steps;
import java.util.List;
import java.util.Optional;

/** The recipe that options ask for: what they say, and for the rest what the named recipe has. */
record AskedRecipe(RecipeOptions options) {
    /** @param trainingImages what an epoch is, for --epochs */
    Recipe recipe(Architecture architecture, int trainingImages) {
        ResidualException.require(
                options.iterations == null || options.epochs == null,
                "--epochs and --iterations both set the length: give one of them");
        Recipe base = Recipe.named(options.recipe, architecture);
        Recipe scaled = base.withImages(images(base.images())).withLength(length(base.length()));
        if (options.iterations != null) {
            scaled = scaled.withIterations(options.iterations);
        }
        if (options.epochs != null) {
            ResidualException.require(trainingImages >= 1, "--validation leaves no images to train on");
            scaled = scaled.withEpochs(options.epochs, trainingImages);
        }
        Optimizer changed = optimizer(base.optimizer());
        boolean sameKind = changed.name().equals(base.optimizer().name());
        double rate = sameKind ? base.schedule().learningRate() : changed.defaultLearningRate();
        return new Recipe(
                base.name(),
                changed,
                schedule(scaled, or(options.learningRate, rate)),
                regularization(base.regularization()),
                scaled.length(),
                scaled.images(),
                new Evaluations(
                        or(options.evaluateTraining, base.evaluations().training()),
                        or(options.evalMode, base.evaluations().evalMode())));
    }

    /** What is to be said where a run ends before its learning rate is what it was to be at the end. */
    static Optional<String> cutShort(Recipe recipe, int trainingImages) {
        if (trainingImages <= 0) {
            return Optional.empty(); // more are held out than there are, which is refused later
        }
        int epoch = Batches.perEpoch(trainingImages, recipe.images().batchSize());
        long last = recipe.length().last(epoch);
        long planned = recipe.length().iterations();
        Schedule schedule = recipe.schedule();
        if (schedule instanceof Steps steps) {
            Optional<Long> late = steps.milestones().stream()
                    .filter(m -> m > Math.max(last, planned))
                    .findFirst();
            if (late.isPresent()) {
                return Optional.of("the run ends at iteration " + last + ", before the milestone " + late.get()
                        + ", where its learning rate was to drop");
            }
        }
        boolean lost = !(schedule instanceof Steps)
                || schedule.changesBefore(last).size()
                        < schedule.changesBefore(planned).size();
        return last < planned && lost
                ? Optional.of("the run ends at iteration " + last + ", after "
                        + recipe.length().maxEpochs() + " epochs, but its learning rates are scheduled for " + planned
                        + " iterations: --iterations " + last + " reschedules them")
                : Optional.empty();
    }

    private static <T> T or(T given, T otherwise) {
        return given == null ? otherwise : given;
    }

    private Length length(Length base) {
        return new Length(
                base.iterations(),
                or(options.wholeEpochs, base.wholeEpochs()),
                or(options.maxEpochs, base.maxEpochs()),
                or(options.patience, base.patience()));
    }

    private Regularization regularization(Regularization base) {
        return new Regularization(
                or(options.labelSmoothing, base.labelSmoothing()),
                or(options.clipGradNorm, base.clipGradNorm()),
                or(options.ema, base.ema()));
    }

    private Optimizer optimizer(Optimizer base) {
        RecipeOptions.OptimizerKind kind = or(options.optimizer, RecipeOptions.OptimizerKind.SGD);
        double factor = kind == RecipeOptions.OptimizerKind.ADAMW
                ? AdamW.DEFAULT_DECAY
                : base.decay().factor();
        Decay decay = new Decay(
                or(options.weightDecay, factor),
                or(options.weightDecayOn, base.decay().on()));
        if (kind == RecipeOptions.OptimizerKind.SGD) {
            Sgd sgd = (Sgd) base;
            return new Sgd(or(options.momentum, sgd.momentum()), or(options.nesterov, sgd.nesterov()), decay);
        }
        ResidualException.require(options.momentum == null, "--momentum is for SGD; Adam has its own constants");
        ResidualException.require(options.nesterov == null, "--nesterov is for SGD");
        return kind == RecipeOptions.OptimizerKind.ADAM ? new Adam(decay) : new AdamW(decay);
    }

    private Schedule schedule(Recipe base, double rate) {
        long length = base.length().iterations();
        Schedule chosen = base.schedule();
        if (options.schedule != null) {
            chosen = switch (options.schedule) {
                case STEPS ->
                    chosen instanceof Steps
                            ? chosen
                            : new Steps(
                                    rate, List.of((length + 1) / 2, (3 * length + 3) / 4), 0.1, 0, 0); // as the paper's
                case CONSTANT -> constant(rate);
                case COSINE -> new Cosine(rate, length, 0);
                case ONE_CYCLE ->
                    chosen instanceof OneCycle
                            ? chosen
                            : new OneCycle(rate, length, Math.round(OneCycle.RISE * length));
            };
        }
        chosen = chosen.withLearningRate(rate);
        if (options.warmup != null) {
            chosen = chosen.withWarmup(options.warmup);
        }
        if (chosen instanceof Steps steps) {
            return steps(steps);
        }
        ResidualException.require(
                options.milestones == null && options.gamma == null && options.warmupLearningRate == null,
                "--milestones, --gamma and --warmup-learning-rate are for --schedule steps");
        return chosen;
    }

    private Steps constant(double rate) {
        ResidualException.require(
                options.milestones == null && options.gamma == null,
                "--milestones and --gamma are for --schedule steps, not constant");
        return new Steps(rate, List.of(), 0.1, 0, 0);
    }

    private Steps steps(Steps base) {
        Steps changed = base.withGamma(or(options.gamma, base.gamma()))
                .withWarmupLearningRate(or(options.warmupLearningRate, base.warmupLearningRate()));
        return options.milestones == null ? changed : changed.withMilestones(options.milestones);
    }

    private Recipe.Images images(Recipe.Images base) {
        return new Recipe.Images(
                or(options.batchSize, base.batchSize()),
                or(options.shuffle, base.shuffle()),
                new Augmentation(
                        or(options.augmentation, base.augmentation().kind()),
                        or(options.cutout, base.augmentation().cutout()),
                        or(options.mixup, base.augmentation().mixup())),
                or(options.normalization, base.normalization()),
                or(options.classWeights, base.classWeights()));
    }
}
