namespace Hikyaku.MailNode;

/// <summary>A message that Postfix is taking in. No list of its queue has it yet.</summary>
/// <param name="Name">Its name in the queue.</param>
/// <param name="Begun">When the first of its recipients was judged.</param>
/// <param name="Envelope">Its sender and recipients, as far as they are known.</param>
internal sealed record UnfinishedMessage(string Name, DateTimeOffset Begun, QueueFile.Envelope Envelope)
{
    /// <summary>Whether it is to or from an address, or that cannot be told yet.</summary>
    public bool MayConcern(string address) => !Envelope.IsWhole || Envelope.Addresses.Contains(address);
}
