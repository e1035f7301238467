using Hikyaku.Copier.Tests.Integration;

namespace Hikyaku.Bench.Copying;

/// <summary>One copy: from where, to where, and a folder for what the program keeps.</summary>
/// <param name="SourcePort">Of the source or of the proxy before it.</param>
/// <param name="SourceUser">Whose mailbox is copied.</param>
/// <param name="Destination">The server of the destination.</param>
/// <param name="DestinationUser">Whose mailbox it is copied into.</param>
/// <param name="Folder">For configuration and state; a second run goes on from what is there.</param>
internal sealed record CopyCase(int SourcePort, string SourceUser, MailServer Destination, string DestinationUser, string Folder)
{
    /// <summary>Of every user at both servers.</summary>
    public const string Password = MailServer.Password;

    private const string SourcePrefix = "INBOX.";

    public int DestinationPort => Destination.Port;

    /// <summary>The source has its folders below the inbox, with dots; the destination has neither.</summary>
    public static string NameAtDestination(string folder)
        => (folder.StartsWith(SourcePrefix, StringComparison.Ordinal) ? folder[SourcePrefix.Length..] : folder).Replace('.', '/');
}
