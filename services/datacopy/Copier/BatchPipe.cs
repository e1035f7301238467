using System.Threading.Channels;

namespace Hikyaku.Copier;

/// <summary>
/// Gathers messages into batches and writes one while the next is being fetched, so that neither server waits for the other. At most three
/// batches are in memory: one is written, one waits, one is gathered.
/// </summary>
internal sealed class BatchPipe : IAsyncDisposable
{
    private readonly Channel<List<OutgoingMessage>> _batches = Channel.CreateBounded<List<OutgoingMessage>>(1);
    private readonly CancellationTokenSource _stop;
    private readonly CopySettings _settings;
    private readonly Task _writing;
    private List<OutgoingMessage> _gathered = [];
    private long _bytes;

    public BatchPipe(BatchWriter writer, FolderPair folder, CopySettings settings, CancellationToken stop)
    {
        _settings = settings;
        _stop = CancellationTokenSource.CreateLinkedTokenSource(stop);
        _writing = WriteAsync(writer, folder);
    }

    /// <summary>Ends the fetching when the writing has failed; then <see cref="CompleteAsync"/> tells why.</summary>
    public CancellationToken Stopped => _stop.Token;

    /// <summary>Takes a message, and waits when the writing is behind.</summary>
    public async Task AddAsync(OutgoingMessage message)
    {
        if (_gathered.Count > 0 && (_gathered.Count >= _settings.AppendMessages || _bytes + message.Content.Length > _settings.AppendBytes)) await FlushAsync();
        _gathered.Add(message);
        _bytes += message.Content.Length;
    }

    /// <summary>Writes what was gathered, and waits until all is written.</summary>
    public async Task CompleteAsync()
    {
        try
        {
            if (_gathered.Count > 0) await FlushAsync();
        }
        catch (OperationCanceledException)
        {
            // The writing has ended, and tells why.
        }

        _batches.Writer.TryComplete();
        await _writing;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _batches.Writer.TryComplete();
        await _writing.ContinueWith(_ => { }, TaskScheduler.Default); // its failure was told by CompleteAsync, or something else has failed before
        while (_batches.Reader.TryRead(out var batch)) batch.ForEach(m => m.Dispose());
        _gathered.ForEach(m => m.Dispose());
        _stop.Dispose();
    }

    private async Task FlushAsync()
    {
        var batch = _gathered;
        (_gathered, _bytes) = ([], 0);
        try
        {
            await _batches.Writer.WriteAsync(batch, _stop.Token);
        }
        catch
        {
            batch.ForEach(m => m.Dispose());
            throw;
        }
    }

    private async Task WriteAsync(BatchWriter writer, FolderPair folder)
    {
        try
        {
            await foreach (var batch in _batches.Reader.ReadAllAsync(_stop.Token)) await writer.WriteAsync(folder, batch, _stop.Token);
        }
        catch
        {
            await _stop.CancelAsync();
            throw;
        }
    }
}
