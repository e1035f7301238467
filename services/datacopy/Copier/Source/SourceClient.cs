using MailKit;
using MailKit.Net.Imap;

namespace Hikyaku.Copier;

/// <summary>MailKit's client, whose folders put bodies into a <see cref="KeptStream"/> and take none that is too large.</summary>
internal sealed class SourceClient(CopySettings settings) : ImapClient
{
    /// <inheritdoc/>
    protected override ImapFolder CreateImapFolder(ImapFolderConstructorArgs args) => new SourceMailFolder(args, settings);

    private sealed class SourceMailFolder(ImapFolderConstructorArgs args, CopySettings settings) : ImapFolder(args)
    {
        protected override Stream CreateStream(UniqueId? uid, string section, int offset, int length)
            => length <= settings.MaxMessageBytes
                ? new KeptStream(length, settings.SpoolAboveBytes)
                : throw new BodyTooLargeException(uid?.Id, length);
    }
}

/// <summary>A body is larger than the limit, although the source has told another size. The connection is of no use any more.</summary>
/// <param name="uid">Whose it is; null: the source has not said that yet.</param>
/// <param name="bytes">How large it is.</param>
internal sealed class BodyTooLargeException(uint? uid, int bytes) : CopyFailedException(CopyFailureKind.ConnectionLost, $"A message of {bytes} bytes")
{
    public uint? Uid { get; } = uid;

    public int Bytes { get; } = bytes;
}
