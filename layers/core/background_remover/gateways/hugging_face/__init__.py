"""Hugging Face's inference, and nobody else's: a photo goes out, an encoded image that carries its matte comes back."""
