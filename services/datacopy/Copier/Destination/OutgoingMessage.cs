using MailKit;

namespace Hikyaku.Copier;

/// <summary>A message on its way from the source to the destination.</summary>
/// <param name="Source">What the source tells of it.</param>
/// <param name="Content">Its bytes, as the source has given them.</param>
/// <param name="Identity">Its digest.</param>
internal sealed record OutgoingMessage(SourceMessage Source, Stream Content, IntendedMessage Identity) : IDisposable
{
    // Dovecot's mail_max_keyword_length.
    private const int MaxKeyword = 50;

    private static readonly (MessageFlags Flag, string Name)[] Flags =
    [
        (MessageFlags.Seen, "\\Seen"), (MessageFlags.Answered, "\\Answered"), (MessageFlags.Flagged, "\\Flagged"),
        (MessageFlags.Deleted, "\\Deleted"), (MessageFlags.Draft, "\\Draft"),
    ];

    /// <summary>Its flags and keywords that IMAP allows.</summary>
    public IEnumerable<string> FlagNames => Flags.Where(f => Source.Flags.HasFlag(f.Flag)).Select(f => f.Name).Concat(Source.Keywords.Where(IsKeyword));

    /// <summary>Keywords that no server can be given.</summary>
    public IEnumerable<string> ImpossibleKeywords => Source.Keywords.Where(k => !IsKeyword(k));

    /// <inheritdoc/>
    public void Dispose() => Content.Dispose();

    // An atom (RFC 3501 §9).
    private static bool IsKeyword(string name)
        => name.Length is > 0 and <= MaxKeyword && !name.Any(c => c is <= ' ' or >= '\x7f' or '(' or ')' or '{' or '%' or '*' or '"' or '\\' or ']');
}
