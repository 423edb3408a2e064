package sluice.cell.model;

/** Text for a terminal or a log. Names come from files: control characters in them could forge lines or move the cursor. */
public final class Printable {
    private Printable() {}

    /** The text with each control character and each invisible format character as its escape, such as {@code \u001b}. */
    public static String of(String text) {
        if (text == null || text.chars().noneMatch(Printable::isControl)) {
            return text;
        }
        StringBuilder printable = new StringBuilder();
        text.chars().forEach(character -> {
            if (isControl(character)) {
                printable
                        .append("\\u")
                        .append(Integer.toHexString(0x10000 | character).substring(1));
            } else {
                printable.append((char) character);
            }
        });
        return printable.toString();
    }

    private static boolean isControl(int character) {
        return switch (Character.getType(character)) {
            case Character.CONTROL, Character.FORMAT, Character.LINE_SEPARATOR, Character.PARAGRAPH_SEPARATOR -> true;
            default -> false;
        };
    }
}
