package dev.residual.data;

import static dev.residual.data.PictureFolders.picture;
import static dev.residual.data.PictureFolders.write;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.residual.ResidualException;
import dev.residual.picture.Photo;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalDouble;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FolderTest {
    @TempDir
    Path dir;

    private final List<String> notes = new ArrayList<>();
    private int decoded;

    private Dataset load(Folder folder) {
        notes.clear();
        decoded = 0;
        return folder.load(new Folder.Listener() {
            @Override
            public void note(String sentence) {
                notes.add(sentence);
            }

            @Override
            public void decoded(int done, int total) {
                decoded = done;
            }
        });
    }

    private Dataset load(Path path) {
        return load(new Folder(path, 32, OptionalDouble.empty(), false));
    }

    private static byte[] pixels(ImageSet set, int image) {
        return Arrays.copyOfRange(set.pixels(), image * set.imageBytes(), (image + 1) * set.imageBytes());
    }

    private static List<String> names(ImageSet set) {
        return IntStream.range(0, set.size()).mapToObj(set::name).toList();
    }

    /** So many pictures of so many classes, in one tree. */
    private Path tree(int classes, int pictures) throws IOException {
        for (int i = 0; i < classes * pictures; i++) {
            write(dir, "c" + i % classes + "/" + i + ".png", picture(0x10203 * i, i));
        }
        return dir;
    }

    @Test
    void everythingThatIsAPictureIsReadAsPredictReadsItAndNothingElse() throws IOException {
        PictureFolders.people(dir);
        Dataset data = load(new Folder(dir, 48, OptionalDouble.empty(), false));
        assertThat(data.classes()).containsExactly("my dogs", "猫");
        int kinds = PictureFolders.kinds(0).size();
        assertThat(data.train().size()).isEqualTo(2 * kinds);
        assertThat(data.test().size()).isEqualTo(2 * kinds);
        assertThat(data.train().side()).isEqualTo(48);
        assertThat(names(data.train()))
                .isSorted()
                .contains("train/my dogs/a picture of 猫.gif", "train/猫/deeper/still/one.bmp", "train/猫/16 bit.png");
        for (int i = 0; i < data.test().size(); i++) {
            String name = data.test().name(i);
            assertThat(data.classes().get(data.test().label(i))).isEqualTo(name.split("/")[1]);
            byte[] file = PictureFolders.kinds(name.contains("猫/") ? 0xd02010 : 0x1030c0)
                    .get(name.replaceFirst("test/[^/]+/", ""));
            assertThat(pixels(data.test(), i))
                    .as(name)
                    .isEqualTo(Photo.read(file, 48).pixels());
        }
        assertThat(String.join("\n", notes))
                .contains("44 pictures in " + dir + " take 0.3 MB of memory at 48×48 pixels")
                .contains("broken.png: cannot be decoded", "text.jpg: not an image", "4 of 44 pictures");
        assertThat(data.source())
                .contains("40 pictures of 2 classes", "(train/ and test/): 20 to train on, 20 to test");
        assertThat(data.testFraction()).isEmpty();
        assertThatThrownBy(() -> load(new Folder(dir, 48, OptionalDouble.empty(), true)))
                .isInstanceOf(ResidualException.class)
                .hasMessageContaining("text.jpg")
                .hasMessageContaining("(4 of 44 cannot be read)");
        assertThatThrownBy(() -> load(new Folder(dir, 48, OptionalDouble.of(0.1), false)))
                .hasMessageContaining("no test fraction is held out");
    }

    @Test
    void aShareOfEachClassIsHeldOutTheSameEachTime() throws IOException {
        Folder folder = new Folder(tree(3, 10), 16, OptionalDouble.of(0.3), false);
        Dataset data = load(folder);
        int[] held = new int[3];
        IntStream.range(0, data.test().size()).forEach(i -> held[data.test().label(i)]++);
        assertThat(held).containsExactly(3, 3, 3);
        assertThat(data.train().size()).isEqualTo(21);
        assertThat(names(data.train())).doesNotContainAnyElementsOf(names(data.test()));
        Dataset again = load(folder);
        assertThat(names(again.test())).isEqualTo(names(data.test()));
        assertThat(again.sha256()).isEqualTo(data.sha256()).hasSize(2);
        assertThat(load(dir).source()).contains("24 to train on, 6 to test on (20 % of each class)");
    }

    @Test
    void picturesAreDecodedOnceUnlessAFileChangesOrTheStoreIsDamaged() throws IOException {
        Dataset data = load(tree(2, 5));
        assertThat(decoded).isEqualTo(10);
        assertThat(load(dir).sha256()).isEqualTo(data.sha256());
        assertThat(decoded).isZero();

        Path store = PictureStore.path(dir, 32);
        byte[] bytes = Files.readAllBytes(store);
        for (int at : new int[] {0, 10 * 3072 + 5, bytes.length - 34, bytes.length - 1}) {
            byte[] damaged = bytes.clone();
            damaged[at] ^= 1;
            Files.write(store, damaged);
            assertThat(load(dir).sha256()).isEqualTo(data.sha256());
            assertThat(decoded).as("byte " + at).isEqualTo(10);
        }
        Files.write(store, Arrays.copyOf(bytes, 5));
        assertThat(load(dir).sha256()).isEqualTo(data.sha256());

        Path changed = write(dir, "c0/0.png", picture(0xffffff, 0));
        Files.setLastModifiedTime(changed, FileTime.fromMillis(1_000));
        assertThat(load(dir).sha256()).isNotEqualTo(data.sha256());
        assertThat(decoded).isEqualTo(10);
        Files.setLastModifiedTime(changed, FileTime.fromMillis(2_000));
        load(dir);
        assertThat(decoded).isEqualTo(10);
        write(dir, "c1/new.png", picture(3, 3));
        assertThat(load(dir).train().size()).isEqualTo(9);
        assertThat(decoded).isEqualTo(11);
        try (var files = Files.list(dir)) {
            assertThat(files.map(p -> p.getFileName().toString()))
                    .containsExactlyInAnyOrder("c0", "c1", ".residual-32x32.pictures");
        }
    }

    /** Pictures of the test set have the same names, and no classes. */
    @Test
    void aCsvFileNamesTheClasses() throws IOException {
        StringBuilder csv = new StringBuilder("\ufeffid,width,label\r\n");
        for (int i = 0; i < 8; i++) {
            write(dir, "train/" + i + ".png", picture(i, i));
            write(dir, "test/" + i + ".png", picture(i, i));
            csv.append(i < 4 ? i + ",40,cat\r\n" : i + ".png,40,\"dog, \"\"big\"\"\"\n");
        }
        write(dir, "train/not named.png", picture(9, 9));
        write(dir, "trainLabels.csv", csv.toString().getBytes());
        write(dir, "sampleSubmission.csv", "id,label\n0,cat\n".getBytes());
        Dataset data = load(new Folder(dir, 32, OptionalDouble.of(0.25), false));
        assertThat(data.classes()).containsExactly("cat", "dog, \"big\"");
        assertThat(names(data.train())).hasSize(6).allMatch(name -> name.matches("train/\\d.png"));
        assertThat(data.train().label(names(data.train()).size() - 1)).isEqualTo(1);

        write(dir, "trainLabels.csv", (csv + "77,40,cat\n").getBytes());
        assertThatThrownBy(() -> load(dir)).hasMessage(dir + "/trainLabels.csv names 77, and there is no such picture");
        write(dir, "trainLabels.csv", (csv + "1,40,dog\n").getBytes());
        assertThatThrownBy(() -> load(dir)).hasMessageContaining("line 10: 1 is of another class above");
        write(dir, "trainLabels.csv", (csv + "1\n").getBytes());
        assertThatThrownBy(() -> load(dir)).hasMessageContaining("line 10: no class in column 3");
        write(dir, "trainLabels.csv", (csv + "train/1.png,40,dog\n").getBytes());
        assertThatThrownBy(() -> load(dir))
                .hasMessageContaining("names train/1.png as ")
                .hasMessageContaining("dog");
        write(dir, "trainLabels.csv", csv.toString().getBytes());
        write(dir, "train2.csv", csv.toString().getBytes());
        assertThatThrownBy(() -> load(dir)).hasMessageContaining("several CSV files, [train2.csv, trainLabels.csv]");
    }

    /** Two classes could become one. */
    @Test
    void aCsvFileThatIsNotUtf8IsRefused() throws IOException {
        write(dir, "a.png", picture(1, 1));
        write(dir, "labels.csv", "id,label\na,B\u00e4r\n".getBytes(StandardCharsets.ISO_8859_1));
        assertThatThrownBy(() -> load(dir)).hasMessage(dir + "/labels.csv is not UTF-8: save it as UTF-8");
    }

    @Test
    void foldersMayLieInOneAnotherAndTheTestFolderMayBeCalledVal() throws IOException {
        for (int i = 0; i < 4; i++) {
            write(dir, "archive/archive/Training/c" + i % 2 + "/" + i + ".png", picture(i, i));
            write(dir, "archive/archive/valid/c" + i % 2 + "/" + i + ".png", picture(i, i));
        }
        write(dir, "__MACOSX/archive/c0/._1.png", new byte[4]);
        Dataset data = load(dir);
        assertThat(data.source()).contains("archive/archive (Training/ and valid/): 4 to train on, 4 to test on");
    }

    @Test
    void whatIsNoDataSetIsRefusedByASentence() throws IOException {
        assertThatThrownBy(() -> load(dir.resolve("none"))).hasMessageContaining("none is not a folder");
        assertThatThrownBy(() -> load(dir)).hasMessageContaining("has no folders of pictures");
        write(dir, "loose.png", picture(1, 1));
        assertThatThrownBy(() -> load(dir)).hasMessageContaining("has no folders of pictures");
        write(dir, "one/1.png", picture(1, 1));
        write(dir, "other/1.txt", new byte[9]);
        assertThatThrownBy(() -> load(dir)).hasMessageContaining("pictures of [one]: expected two classes or more");
        write(dir, "other/1.png", new byte[9]);
        assertThatThrownBy(() -> load(dir)).hasMessageContaining("no picture of the class 'other' to train on");
        Path loose = dir.resolve("dogs");
        write(loose, "train/cat.0.png", picture(1, 1));
        write(loose, "test1/1.png", picture(1, 1));
        assertThatThrownBy(() -> load(loose)).hasMessageContaining("its train/ has no folders in it");
        write(dir, "train/a/1.png", picture(1, 1));
        write(dir, "test/b/1.png", picture(1, 1));
        assertThatThrownBy(() -> load(dir)).hasMessageContaining("is of a class 'b', which " + dir + "/train has no");
        assertThatThrownBy(() -> new Folder(dir, 4, OptionalDouble.empty(), false))
                .hasMessageContaining("image size 4");
        assertThatThrownBy(() -> new Folder(dir, 32, OptionalDouble.of(1), false))
                .hasMessageContaining("fraction 1.0");
    }

    @Test
    void aSetThatDoesNotFitIsRefusedWithTheFigure() {
        Folder folder = new Folder(dir, 64, OptionalDouble.empty(), false);
        folder.requireRoom(80_000, 60_000, 1L << 30);
        assertThatThrownBy(() -> folder.requireRoom(100_000, 60_000, 1L << 30))
                .hasMessage(
                        dir + " has 100,000 pictures, which take 1228.8 MB of memory at 64×64 pixels; at most 1.1 GB"
                                + " (what is free of Java's heap), 2.1 GB per part, can be held: take a smaller image size, or"
                                + " set RESIDUAL_HEAP (such as 6g), or java's option -Xmx");
        assertThatThrownBy(() -> folder.requireRoom(180_000, 180_000, 8L << 30)).hasMessageEndingWith("image size");
    }

    @Test
    void aFileOfClassesIsPreferredToTheOneFolderThatAllPicturesAreInAndNamedWhereItIsNotUsed() throws IOException {
        for (int i = 0; i < 10; i++) {
            write(dir, "train/images/" + i + ".png", picture(0x10203 * i, i));
        }
        StringBuilder csv = new StringBuilder("id,label\n");
        for (int i = 0; i < 10; i++) {
            csv.append(i).append(i % 2 == 0 ? ",cat\n" : ",dog\n");
        }
        write(dir, "train.csv", csv.toString().getBytes(StandardCharsets.UTF_8));
        assertThat(load(dir).classes()).containsExactly("cat", "dog");
        for (int i = 10; i < 20; i++) {
            write(dir, "train/others/" + i + ".png", picture(0x10203 * i, i));
        }
        Dataset data = load(dir);
        assertThat(data.classes()).containsExactly("images", "others");
        assertThat(data.source()).contains("train/, without the CSV file");
    }

    /** Kaggle's test pictures have no classes. */
    @Test
    void aTestFolderWithoutClassesIsPassedOver() throws IOException {
        for (String part : List.of("train", "val")) {
            for (int i = 0; i < 6; i++) {
                write(dir, part + "/c" + i % 2 + "/" + i + ".png", picture(0x10203 * i, i));
            }
        }
        write(dir, "test/7.png", picture(0x70707, 7));
        Dataset data = load(dir);
        assertThat(data.test().size()).isEqualTo(6);
        assertThat(data.source()).contains("train/ and val/, without test/, which has no classes");
    }

    @Test
    void whatCouldNotBeReadIsReadNextTime() throws IOException {
        tree(2, 5);
        Path link = dir.resolve("c0/link.png");
        Files.createSymbolicLink(link, Path.of("loop.png"));
        Files.createSymbolicLink(dir.resolve("c0/loop.png"), link);
        for (int i = 0; i < 2; i++) {
            Dataset data = load(dir);
            assertThat(data.train().size() + data.test().size()).isEqualTo(10);
            assertThat(decoded).isEqualTo(12);
            assertThat(notes).anyMatch(note -> note.startsWith(link + ": cannot be read"));
        }
    }

    @Test
    void theStoreOfAnotherProcessIsNotTakenForTheOneThatWasFound() throws IOException {
        tree(2, 5);
        load(dir);
        List<PictureTree.Entry> entries = PictureTree.find(dir).entries();
        PictureStore store = PictureStore.find(dir, 32, entries).orElseThrow();
        write(dir, "c0/another.png", picture(0x123456, 1));
        load(dir);
        assertThatThrownBy(() -> store.read((entry, pixels) -> {}))
                .isInstanceOf(ResidualException.class)
                .hasMessageContaining("written anew by another process");
    }

    @Test
    void whatIsWrongWithAPictureIsNamedWhereItLiesNow() throws IOException {
        Path before = dir.resolve("before");
        for (int i = 0; i < 6; i++) {
            write(before, "c" + i % 2 + "/" + i + ".png", picture(0x10203 * i, i));
        }
        write(before, "c0/bad.png", new byte[] {1, 2, 3});
        load(before);
        Path after = dir.resolve("after");
        Files.move(before, after);
        load(after);
        assertThat(decoded).isZero();
        assertThat(notes).anyMatch(note -> note.startsWith(after.resolve("c0/bad.png") + ": "));
    }

    @Test
    void aLongTextInAFileOfClassesIsRead() throws IOException {
        tree(2, 5);
        StringBuilder csv = new StringBuilder("name,about,label\n");
        for (int i = 0; i < 10; i++) {
            csv.append(i)
                    .append(",\"")
                    .append("a, \"\"b\"\"".repeat(50_000))
                    .append("\",c")
                    .append(i % 2)
                    .append('\n');
        }
        Path flat = dir.resolve("flat");
        for (int i = 0; i < 10; i++) {
            write(flat, i + ".png", picture(0x10203 * i, i));
        }
        write(flat, "labels.csv", csv.toString().getBytes(StandardCharsets.UTF_8));
        assertThat(load(flat).classes()).containsExactly("c0", "c1");
    }

    /** As macOS writes é: e and an accent. */
    @Test
    void namesInAFileOfClassesMayBeComposedOtherwiseAndWithTheirFolderOnly() throws IOException {
        write(dir, "train/x/caf\u00e9.png", picture(0x102030, 1));
        write(dir, "train/x/b.png", picture(0x405060, 2));
        write(dir, "labels.csv", "id,label\ncafe\u0301,a\nx/b,b\n".getBytes(StandardCharsets.UTF_8));
        assertThatThrownBy(() -> load(dir)).hasMessageContaining("there is no such picture"); // it is train/x/b
        write(dir, "labels.csv", "id,label\ncafe\u0301,a\ntrain/x/b,b\n".getBytes(StandardCharsets.UTF_8));
        assertThat(load(dir).classes()).containsExactly("a", "b");
    }
}
