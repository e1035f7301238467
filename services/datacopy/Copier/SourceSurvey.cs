namespace Hikyaku.Copier;

/// <summary>A folder of a source that is looked at before anything is copied.</summary>
/// <param name="Source">Its name at the source.</param>
/// <param name="Destination">Where its messages would go; null: it is left out.</param>
/// <param name="Change">What would become of its name.</param>
/// <param name="Messages">How many it has.</param>
/// <param name="Bytes">Their size; null: the server does not tell.</param>
public sealed record SurveyedFolder(string Source, string? Destination, FolderChange Change, int Messages, long? Bytes);

/// <summary>What a source has.</summary>
/// <param name="Route">How it was reached; null: it was not.</param>
/// <param name="Folders">Its folders; empty: they could not be listed.</param>
/// <param name="TooLarge">How many messages are over the limit; null: there was no time to count, or the server does not tell.</param>
/// <param name="Failure">Why it cannot be copied from; null: it can.</param>
public sealed record Survey(SourceRoute? Route, IReadOnlyList<SurveyedFolder> Folders, int? TooLarge, CopyFailure? Failure);

/// <summary>Looks at a source without copying: by one connection, and within a time.</summary>
public sealed class SourceSurvey(SourceConnector connector, CopySettings settings)
{
    /// <summary>The names that our mail nodes give folders with a purpose.</summary>
    private static readonly Dictionary<FolderRole, string> OwnFolders = new[] { FolderRole.Drafts, FolderRole.Sent, FolderRole.Trash, FolderRole.Junk, FolderRole.Archive }.ToDictionary(r => r, r => r.ToString());

    /// <summary>Looks.</summary>
    /// <param name="source">The source.</param>
    /// <param name="within">How long it may take; what could not be found out by then is left open.</param>
    /// <param name="stop">Ends it.</param>
    public async Task<Survey> LookAsync(CopySource source, TimeSpan within, CancellationToken stop)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(within);
        var found = new Survey(null, [], null, null);
        try
        {
            using var session = await connector.OpenAsync(source, null, limit.Token);
            found = found with { Route = session.Route };
            found = found with { Folders = await FoldersAsync(session, limit.Token) };
            return found with { TooLarge = await TooLargeAsync(session, found.Folders, limit.Token) };
        }
        catch (CopyFailedException e)
        {
            return found with { Failure = e.Failure };
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            return found.Folders.Count > 0 ? found : found with { Failure = new(CopyFailureKind.Timeout, "The server does not answer in time") };
        }
    }

    private static async Task<IReadOnlyList<SurveyedFolder>> FoldersAsync(SourceSession session, CancellationToken stop)
    {
        var listed = await session.ListAsync(stop);
        var sizes = listed.ToDictionary(f => f.Folder.Name);
        return
        [
            .. FolderMap.Plan([.. listed.Select(f => f.Folder)], session.Prefix, OwnFolders, '/', session.KnowsLabels)
                .Select(p => new SurveyedFolder(p.Source.Name, p.Destination, p.Change, sizes[p.Source.Name].Messages, sizes[p.Source.Name].Bytes)),
        ];
    }

    private async Task<int?> TooLargeAsync(SourceSession session, IReadOnlyList<SurveyedFolder> folders, CancellationToken stop)
    {
        var count = 0;
        foreach (var folder in folders.Where(f => f is { Destination: not null, Messages: > 0 } && (f.Bytes is null || f.Bytes > settings.MaxMessageBytes)))
        {
            if (await session.CountLargerAsync(folder.Source, settings.MaxMessageBytes, stop) is not { } larger) return null;
            count += larger;
        }

        return count;
    }
}
