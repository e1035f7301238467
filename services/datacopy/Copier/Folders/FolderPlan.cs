namespace Hikyaku.Copier;

/// <summary>What becomes of a source folder's name.</summary>
public enum FolderChange
{
    /// <summary>It stays.</summary>
    Same,

    /// <summary>The folder is the destination's own for that purpose: <c>Sent Items</c> is <c>Sent</c>.</summary>
    ByPurpose,

    /// <summary>Other source folders go into the same one.</summary>
    Merged,

    /// <summary>The destination cannot have the name as it is, or another folder has it.</summary>
    Renamed,

    /// <summary>It is not copied, as it only shows mail of other folders.</summary>
    LeftOut,
}

/// <summary>A folder of the source, as its server lists it.</summary>
/// <param name="Name">With the server's separator, decoded.</param>
/// <param name="Separator">Between a folder and its children; null: there are none.</param>
/// <param name="Role">What the server says it is for.</param>
/// <param name="CanBeOpened">False for a mere parent of others.</param>
/// <param name="IsSubscribed">Whether mail programs show it.</param>
internal sealed record SourceFolder(
    string Name, char? Separator, FolderRole Role = FolderRole.None, bool CanBeOpened = true, bool IsSubscribed = false);

/// <summary>Where a source folder goes.</summary>
/// <param name="Source">The folder.</param>
/// <param name="Destination">The destination folder's name; null when it is left out.</param>
/// <param name="Change">What has become of its name.</param>
/// <param name="UnlabelledOnly">Only messages that no other folder has (Gmail's archived mail) are copied.</param>
internal sealed record FolderPlan(SourceFolder Source, string? Destination, FolderChange Change, bool UnlabelledOnly = false);
