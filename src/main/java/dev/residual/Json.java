package dev.residual;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.datatype.jdk8.Jdk8Module;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;

/** Records to JSON and back, strictly: a key that is missing, unknown or there twice is an error that names it. */
public final class Json {
    private static final String FORMAT = "format";

    /** Says which of a sealed type's records an object is. */
    private static final String TYPE = "type";

    private static final JsonMapper MAPPER = JsonMapper.builder()
            .addModule(new Jdk8Module()) // Optional
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES)
            .enable(DeserializationFeature.FAIL_ON_NULL_CREATOR_PROPERTIES)
            .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .enable(DeserializationFeature.READ_ENUMS_USING_TO_STRING)
            .enable(SerializationFeature.WRITE_ENUMS_USING_TO_STRING)
            .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
            .defaultPrettyPrinter(new DefaultPrettyPrinter()
                    .withObjectIndenter(new DefaultIndenter("  ", "\n"))
                    .withArrayIndenter(new DefaultPrettyPrinter.FixedSpaceIndenter()))
            .build();

    private Json() {}

    /** On one line. */
    public static String compact(Object value) {
        return write(value, false);
    }

    /** With line breaks, for people. */
    public static String pretty(Object value) {
        return write(value, true);
    }

    private static String write(Object value, boolean pretty) {
        try {
            return (pretty ? MAPPER.writerWithDefaultPrettyPrinter() : MAPPER.writer()).writeValueAsString(value);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a value of ours that cannot be written as JSON", e);
        }
    }

    /**
     * @param what names the text in error messages
     * @throws ResidualException when the text is not JSON or not of this type
     */
    public static <T> T read(String text, Class<T> type, String what) {
        try {
            JsonNode tree = MAPPER.readTree(text);
            requireKnownKeys(tree, type, "", what);
            T value = MAPPER.treeToValue(tree, type);
            if (value == null) {
                throw new ResidualException(what + ": nothing there");
            }
            return value;
        } catch (JsonMappingException e) {
            if (e.getCause() instanceof ResidualException ours) {
                throw new ResidualException(what + ": " + ours.getMessage(), e);
            }
            boolean missing = e.getOriginalMessage().startsWith("Missing creator property");
            throw new ResidualException(
                    what + (missing ? ": no key '" + path(e) + "'" : ": at '" + path(e) + "': " + firstLine(e)), e);
        } catch (JsonProcessingException e) {
            throw new ResidualException(what + ": not valid JSON: " + firstLine(e), e);
        }
    }

    /** A misspelt key is both unknown and missing; its own name says more. */
    private static void requireKnownKeys(JsonNode node, Class<?> type, String path, String what) {
        JsonSubTypes choices = type.getAnnotation(JsonSubTypes.class);
        if (choices != null) {
            for (JsonSubTypes.Type choice : choices.value()) {
                if (choice.name().equals(node.path(TYPE).asText())) {
                    requireKnownKeys(((ObjectNode) node).deepCopy().without(TYPE), choice.value(), path, what);
                }
            }
        }
        if (!type.isRecord() || !node.isObject()) {
            return;
        }
        Map<String, RecordComponent> known = new HashMap<>();
        for (RecordComponent component : type.getRecordComponents()) {
            known.put(component.getName(), component);
        }
        for (Map.Entry<String, JsonNode> field : node.properties()) {
            RecordComponent component = known.get(field.getKey());
            if (component == null) {
                throw new ResidualException(what + ": unknown key '" + path + field.getKey() + "'");
            }
            JsonNode value = field.getValue();
            if (!value.isArray()) {
                requireKnownKeys(value, held(component), path + field.getKey() + ".", what);
            }
            for (int i = 0; value.isArray() && i < value.size(); i++) {
                requireKnownKeys(value.get(i), held(component), path + field.getKey() + "[" + i + "].", what);
            }
        }
    }

    /** The type of a component, or of what a list or an optional in its place holds. */
    private static Class<?> held(RecordComponent component) {
        return component.getGenericType() instanceof ParameterizedType generic
                        && generic.getActualTypeArguments()[0] instanceof Class<?> only
                ? only
                : component.getType();
    }

    /**
     * A record as a document that says first, as {@code "format"}, which version of its form this is.
     *
     * @param format from 1
     */
    public static ObjectNode versioned(Record value, int format) {
        ObjectNode document = object();
        document.put(FORMAT, format);
        document.setAll((ObjectNode) MAPPER.valueToTree(value));
        return document;
    }

    /**
     * Reads what {@link #versioned} wrote, also by an older version.
     *
     * @param migrations the first makes format 2 of format 1, and so on; a document without a format is of format 1
     * @throws ResidualException when the text is not JSON, not of this type, or of a newer format
     */
    public static <T extends Record> T readVersioned(
            String text, Class<T> type, String what, List<UnaryOperator<ObjectNode>> migrations) {
        JsonNode tree = tree(text, what);
        if (!tree.isObject()) {
            throw new ResidualException(what + ": not a JSON object");
        }
        ObjectNode document = (ObjectNode) tree;
        JsonNode format = document.remove(FORMAT);
        int version = format == null ? 1 : format.asInt();
        int newest = migrations.size() + 1;
        if (version < 1 || version > newest) {
            throw new ResidualException(what + ": format " + (format == null ? "" : format.asText())
                    + ", this version reads 1 to " + newest);
        }
        for (UnaryOperator<ObjectNode> migration : migrations.subList(version - 1, newest - 1)) {
            try {
                document = migration.apply(document);
            } catch (RuntimeException e) { // it may be anything that says it is of this format
                throw new ResidualException(what + ": not a document of format " + version, e);
            }
        }
        return read(document.toString(), type, what);
    }

    /** What is in a record, and in those in it, each by its path, such as {@code images.batchSize}. */
    public static Map<String, JsonNode> leaves(Object record) {
        Map<String, JsonNode> leaves = new LinkedHashMap<>();
        addLeaves("", tree(compact(record), "a record"), leaves);
        return leaves;
    }

    private static void addLeaves(String prefix, JsonNode node, Map<String, JsonNode> leaves) {
        node.properties().forEach(field -> {
            String path = prefix + field.getKey();
            if (field.getValue().isObject()) {
                addLeaves(path + ".", field.getValue(), leaves);
            } else {
                leaves.put(path, field.getValue());
            }
        });
    }

    /** A text as it is, anything else as JSON has it. */
    public static String text(JsonNode leaf) {
        return leaf.isTextual() ? leaf.textValue() : leaf.toString();
    }

    /** The text as a tree, for what is not a record. */
    public static JsonNode tree(String text, String what) {
        return read(text, JsonNode.class, what);
    }

    public static ObjectNode object() {
        return MAPPER.createObjectNode();
    }

    private static String path(JsonMappingException e) {
        StringBuilder path = new StringBuilder();
        for (JsonMappingException.Reference step : e.getPath()) {
            if (step.getFieldName() == null) {
                path.append('[').append(step.getIndex()).append(']');
            } else {
                path.append(path.isEmpty() ? "" : ".").append(step.getFieldName());
            }
        }
        return path.toString();
    }

    private static String firstLine(JsonProcessingException e) {
        return e.getOriginalMessage().lines().findFirst().orElse("unreadable");
    }
}
