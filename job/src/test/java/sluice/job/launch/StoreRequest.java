package sluice.job.launch;

import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What a client asks of an S3 server, by its effect on objects.
 *
 * @param client the access key that signed it
 * @param keys of the objects that it reads or changes; of a listing the prefix, empty if it has none
 * @param isConditional it has an effect only if there is no such object
 */
record StoreRequest(Effect effect, String client, String bucket, List<String> keys, boolean isConditional) {
    private static final Pattern CREDENTIAL = Pattern.compile("Credential=([^/]+)/");
    private static final Pattern LISTED_KEY = Pattern.compile("<Key>([^<]*)</Key>");

    /** An upload in parts counts as PUT when it is completed, and is OTHER before. */
    enum Effect {
        PUT,
        COPY,
        DELETE,
        GET,
        HEAD,
        LIST,
        OTHER
    }

    static StoreRequest of(String method, URI uri, Map<String, List<String>> headers, byte[] body) {
        String path = uri.getPath().substring(1);
        int slash = path.indexOf('/');
        String key = slash < 0 ? "" : path.substring(slash + 1);
        Map<String, String> query = query(uri);
        Effect effect = effect(method, key, query, headers);
        return new StoreRequest(
                effect,
                client(headers),
                slash < 0 ? path : path.substring(0, slash),
                keys(effect, key, query, body),
                headers.containsKey("If-none-match") && method.startsWith("P"));
    }

    private static Effect effect(
            String method, String key, Map<String, String> query, Map<String, List<String>> headers) {
        return switch (method) {
            case "DELETE" -> query.containsKey("uploadId") ? Effect.OTHER : Effect.DELETE;
            case "GET" -> key.isEmpty() ? Effect.LIST : Effect.GET;
            case "HEAD" -> Effect.HEAD;
            case "POST" ->
                query.containsKey("delete") ? Effect.DELETE : query.containsKey("uploadId") ? Effect.PUT : Effect.OTHER;
            case "PUT" ->
                query.containsKey("partNumber") || key.isEmpty()
                        ? Effect.OTHER
                        : headers.containsKey("X-amz-copy-source") ? Effect.COPY : Effect.PUT;
            default -> Effect.OTHER;
        };
    }

    private static List<String> keys(Effect effect, String key, Map<String, String> query, byte[] body) {
        if (effect == Effect.LIST) {
            return List.of(query.getOrDefault("prefix", ""));
        }
        if (effect == Effect.DELETE && key.isEmpty()) {
            return listedKeys(new String(body, StandardCharsets.UTF_8)).toList();
        }
        return List.of(key);
    }

    /** The keys that an XML text of S3 names. */
    static Stream<String> listedKeys(String xml) {
        return LISTED_KEY
                .matcher(xml)
                .results()
                .map(found -> found.group(1)
                        .replace("&lt;", "<")
                        .replace("&gt;", ">")
                        .replace("&quot;", "\"")
                        .replace("&amp;", "&"));
    }

    private static String client(Map<String, List<String>> headers) {
        Matcher matcher = CREDENTIAL.matcher(String.join(" ", headers.getOrDefault("Authorization", List.of())));
        return matcher.find() ? matcher.group(1) : "";
    }

    private static Map<String, String> query(URI uri) {
        if (uri.getQuery() == null) {
            return Map.of();
        }
        return Arrays.stream(uri.getQuery().split("&", -1))
                .map(pair -> pair.split("=", 2))
                .collect(Collectors.toMap(pair -> pair[0], pair -> pair.length > 1 ? pair[1] : "", (a, b) -> a));
    }

    /** One object is there afterwards that may not have been before. */
    boolean writes() {
        return effect == Effect.PUT || effect == Effect.COPY;
    }

    boolean deletes() {
        return effect == Effect.DELETE;
    }

    @Override
    public String toString() {
        return String.format(
                Locale.ROOT, "%s %s %s%s", client, effect, String.join(" ", keys), isConditional ? " (if absent)" : "");
    }
}
