using System.Text;

namespace Hikyaku.MailNode;

/// <summary>What a mail program says of itself (IMAP ID, RFC 2971): a list of names and values, of which Dovecot reports the text.</summary>
internal static class ImapId
{
    private const int Longest = 100;

    /// <summary>The program's name and version, like Thunderbird 115.3, without control characters; null when it does not say its name.</summary>
    /// <param name="list">Like <c>("name" "Thunderbird" "version" "115.3")</c>, perhaps without the brackets.</param>
    public static string? ProgramOf(string? list)
    {
        if (string.IsNullOrEmpty(list) || list.Length > 8192) return null;
        var tokens = Tokens(list).ToList();
        var program = string.Join(' ', new[] { Value("name"), Value("version") }.OfType<string>());
        if (Value("name") is null) return null;
        if (program.Length <= Longest) return program;
        return program[..(char.IsHighSurrogate(program[Longest - 1]) ? Longest - 1 : Longest)].TrimEnd();

        string? Value(string name)
        {
            for (var i = 0; i + 1 < tokens.Count; i += 2)
            {
                if (!string.Equals(tokens[i], name, StringComparison.OrdinalIgnoreCase) || tokens[i + 1] is not { } value) continue;
                var printable = string.Concat(value.Select(c => char.IsControl(c) ? ' ' : c)).Trim();
                return printable.Length > 0 ? printable : null;
            }

            return null;
        }
    }

    // Quoted strings and atoms; NIL is null.
    private static IEnumerable<string?> Tokens(string list)
    {
        for (var i = 0; i < list.Length; i++)
        {
            if (list[i] is ' ' or '(' or ')') continue;
            var token = new StringBuilder();
            if (list[i] == '"')
            {
                for (i++; i < list.Length && list[i] != '"'; i++)
                {
                    if (list[i] == '\\' && i + 1 < list.Length) i++;
                    token.Append(list[i]);
                }

                yield return token.ToString();
            }
            else
            {
                for (; i < list.Length && list[i] is not (' ' or '(' or ')'); i++) token.Append(list[i]);
                yield return token.ToString() is var atom && atom.Equals("NIL", StringComparison.OrdinalIgnoreCase) ? null : atom;
            }
        }
    }
}
