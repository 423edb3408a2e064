package sluice.job.launch;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.zip.GZIPInputStream;

/**
 * The schema of a kind of Kubeflow's Spark operator, which an API server validates objects against. It is a structural schema, so this is
 * all that such schemas may contain. Unknown fields are errors, as for {@code kubectl --validate=strict}.
 */
public final class OperatorSchema {
    /** Fields that the API server itself defines. */
    private static final Set<String> METADATA = Set.of("name", "namespace", "labels", "annotations");

    private static final ObjectMapper JSON = new ObjectMapper();

    private final JsonNode definition;

    private OperatorSchema(JsonNode definition) {
        this.definition = definition;
    }

    /** @param kind {@code SparkApplication} or {@code ScheduledSparkApplication} */
    public static OperatorSchema of(String kind) throws IOException {
        String file = "/kubernetes/%ss.json.gz".formatted(kind.toLowerCase(Locale.ROOT));
        try (InputStream bytes = new GZIPInputStream(OperatorSchema.class.getResourceAsStream(file))) {
            return new OperatorSchema(JSON.readTree(bytes));
        }
    }

    /** What is wrong with an object of this kind, each with its path. */
    public List<String> errors(JsonNode object) {
        List<String> errors = new ArrayList<>();
        String version = definition.path("group").asText() + "/"
                + definition.path("version").asText();
        if (!object.path("apiVersion").asText().equals(version)) {
            errors.add(".apiVersion: expected " + version);
        }
        if (!object.path("kind").asText().equals(definition.path("kind").asText())) {
            errors.add(".kind: expected " + definition.path("kind").asText());
        }
        object.path("metadata").fieldNames().forEachRemaining(name -> {
            if (!METADATA.contains(name)) {
                errors.add(".metadata." + name + ": unknown field");
            }
        });
        check(definition.path("schema"), object, "", errors);
        return errors;
    }

    /** What is wrong with a part of an object. */
    public List<String> errorsOfPart(JsonNode part, String... path) {
        JsonNode schema = definition.path("schema");
        for (String name : path) {
            schema = name.equals("[]")
                    ? schema.path("items")
                    : schema.path("properties").path(name);
        }
        List<String> errors = new ArrayList<>();
        check(schema, part, "", errors);
        return errors;
    }

    private static void check(JsonNode schema, JsonNode value, String path, List<String> errors) {
        if (schema.isMissingNode()) {
            throw new IllegalArgumentException("the schema has no " + path);
        }
        if (value.isNull() && schema.path("nullable").asBoolean()) {
            return;
        }
        if (schema.path("x-kubernetes-int-or-string").asBoolean()) {
            if (!value.isInt() && !value.isTextual()) {
                errors.add(path + ": expected an integer or a text, found " + value);
                return;
            }
        } else if (!isOfType(schema.path("type").asText(), value)) {
            errors.add(path + ": expected " + schema.path("type").asText("any type") + ", found " + value);
            return;
        }
        checkValue(schema, value, path, errors);
        if (value.isObject()) {
            checkFields(schema, value, path, errors);
        }
        Set<List<String>> keys = new HashSet<>();
        for (int at = 0; value.isArray() && at < value.size(); at++) {
            JsonNode item = value.get(at);
            check(schema.path("items"), item, path + "[" + at + "]", errors);
            List<String> key = new ArrayList<>();
            schema.path("x-kubernetes-list-map-keys")
                    .forEach(name -> key.add(item.path(name.asText()).asText()));
            if (!key.isEmpty() && !keys.add(key)) {
                errors.add(path + ": two items " + key);
            }
        }
    }

    private static boolean isOfType(String type, JsonNode value) {
        return switch (type) {
            case "object" -> value.isObject();
            case "array" -> value.isArray();
            case "string" -> value.isTextual();
            case "boolean" -> value.isBoolean();
            case "integer" -> value.isIntegralNumber();
            case "number" -> value.isNumber();
            default -> throw new IllegalArgumentException("unknown type '" + type + "'");
        };
    }

    private static void checkValue(JsonNode schema, JsonNode value, String path, List<String> errors) {
        Set<JsonNode> allowed = new HashSet<>();
        schema.path("enum").forEach(allowed::add);
        if (!allowed.isEmpty() && !allowed.contains(value)) {
            errors.add(path + ": expected one of " + allowed + ", found " + value);
        }
        if (schema.has("minimum") && value.asDouble() < schema.path("minimum").asDouble()
                || schema.has("maximum")
                        && value.asDouble() > schema.path("maximum").asDouble()
                || schema.path("format").asText().equals("int32") && !value.canConvertToInt()) {
            errors.add(path + ": out of range: " + value);
        }
        if (schema.has("pattern")
                && !Pattern.compile(schema.path("pattern").asText())
                        .matcher(value.asText())
                        .find()) {
            errors.add(path + ": doesn't match " + schema.path("pattern").asText() + ": " + value);
        }
    }

    private static void checkFields(JsonNode schema, JsonNode object, String path, List<String> errors) {
        schema.path("required").forEach(name -> {
            if (!object.has(name.asText())) {
                errors.add(path + "." + name.asText() + ": missing");
            }
        });
        JsonNode fields = schema.path("properties");
        JsonNode others = schema.path("additionalProperties");
        boolean isOpen = schema.path("x-kubernetes-preserve-unknown-fields").asBoolean()
                || path.equals(".metadata"); // defined by the API server itself
        object.properties().forEach(field -> {
            String at = path + "." + field.getKey();
            if (fields.has(field.getKey())) {
                check(fields.get(field.getKey()), field.getValue(), at, errors);
            } else if (others.isObject()) {
                check(others, field.getValue(), at, errors);
            } else if (!isOpen) {
                errors.add(at + ": unknown field");
            }
        });
    }
}
