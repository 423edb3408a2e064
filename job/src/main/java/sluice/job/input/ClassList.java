package sluice.job.input;

import java.io.Serializable;
import java.util.List;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import sluice.job.message.RefusedException;
import sluice.job.model.Vocabulary;
import sluice.job.row.SequenceForm;
import sluice.job.source.ColumnNames;
import sluice.job.source.ColumnPath;

/** A column that lists classes, as token ids or as words: {@code array<int|bigint>} or {@code array<string>}. Immutable, broadcast. */
final class ClassList implements Serializable {
    private static final long serialVersionUID = 1L;

    /** What {@link #id} returns for a value that is no token id: a fraction, a word that is not in the vocabulary. */
    static final long NO_ID = Long.MIN_VALUE;

    private final String name;
    private final int[] path; // index of the top-level column, then of the field in each struct
    private final Vocabulary vocabulary; // null if the column lists ids

    private ClassList(String name, int[] path, Vocabulary vocabulary) {
        this.name = name;
        this.path = path;
        this.vocabulary = vocabulary;
    }

    /**
     * @param key setting that names the column, for messages
     * @param words of the classes; null: the classes have no words, for this reason
     * @param noWords why the classes have no words
     * @throws RefusedException if there is no such column, or if it lists no classes
     */
    static ClassList resolve(
            StructType schema, String name, ColumnNames names, String key, Vocabulary words, String noWords) {
        ColumnPath path = ColumnPath.find(schema, name, names)
                .orElseThrow(() -> new RefusedException("%s: no column '%s' in the input, which has %s"
                        .formatted(key, name, ColumnPath.columns(schema))));
        DataType type = type(schema, path);
        SequenceForm form = SequenceForm.of(type);
        if (form != SequenceForm.IDS && form != SequenceForm.WORDS) {
            throw new RefusedException(
                    "%s: column '%s' has type %s, expected array<int|bigint> of token ids or array<string> of words"
                            .formatted(key, name, type.catalogString()));
        }
        if (form == SequenceForm.WORDS && words == null) {
            throw new RefusedException(
                    "%s: column '%s' (%s) lists words, and %s".formatted(key, name, type.catalogString(), noWords));
        }
        int[] indexes = path.indexes().stream().mapToInt(Integer::intValue).toArray();
        return new ClassList(name, indexes, form == SequenceForm.WORDS ? words : null);
    }

    private static DataType type(StructType schema, ColumnPath path) {
        StructField field = schema.fields()[path.indexes().get(0)];
        for (int index : path.indexes().subList(1, path.indexes().size())) {
            field = ((StructType) field.dataType()).fields()[index];
        }
        return field.dataType();
    }

    String place() {
        return "column '%s'".formatted(name);
    }

    /** The values of a row; null if the column or a struct around it is null. */
    List<?> values(Row row) {
        Row within = row;
        for (int depth = 0; depth < path.length; depth++) {
            if (within.isNullAt(path[depth])) {
                return null;
            }
            if (depth < path.length - 1) {
                within = within.getStruct(path[depth]);
            }
        }
        return within.getList(path[path.length - 1]);
    }

    /** The token id of a value of the list, or {@link #NO_ID}. */
    long id(Object value) {
        return vocabulary == null ? wholeNumber((Number) value) : ofWord((String) value);
    }

    private long ofWord(String word) {
        Integer id = vocabulary.id(word);
        return id == null ? NO_ID : id;
    }

    private static long wholeNumber(Number number) {
        long id = number.longValue();
        boolean whole = number instanceof Long || number.doubleValue() == id;
        return whole ? id : NO_ID;
    }
}
